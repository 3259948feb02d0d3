import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sampleModelPath } from "@fieldmark/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldmark, serve } from "../scripts/serve.mjs";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";
import { labTimes } from "./lab-times.ts";
import { pytest, python, run } from "./python.ts";

const REAL = fileURLToPath(new URL("../../shared/data/birds", import.meta.url));
const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));
const real = existsSync(REAL);
if (!real)
  console.warn("skipped: the lab's steps on real photos (no ../shared/data/birds beside this checkout)");
const sagemaker2 = python("sagemaker2", "the lab's notebook") ?? "";
const tensorflow = python("tensorflow", "the lab's notebook") ?? "";
const absent = sagemaker2 === "" || tensorflow === "";

let served: Awaited<ReturnType<typeof serve>>;
let folder: string;

beforeAll(async () => {
  if (absent) return;
  folder = await mkdtemp(join(tmpdir(), "fieldmark-lab-"));
  served = await serve([], {
    setup: async (data) => {
      await fieldmark("environments", "add", "sklearn", "--python", sagemaker2, "--data", data);
      await fieldmark("environments", "add", "tensorflow", "--python", tensorflow, "--data", data);
    },
  });
});

afterAll(async () => {
  await served?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test.skipIf(absent)(
  "examples/birds.ipynb: prepare, evaluate twice, agree",
  { timeout: 600_000 },
  async () => {
    let [birds, model] = [REAL, join(REAL, "model.tar.gz")];
    if (!real) {
      [birds, model] = [join(folder, "birds"), sampleModelPath()];
      await fieldmark("samples", "render", "--output", birds);
    }
    const execute = join(dirname(sagemaker2), "jupyter-execute");
    const output = join(folder, "executed");
    const words = [join(EXAMPLES, "birds.ipynb"), `--output=${output}`];
    const env = { ...served.env, BIRDS: birds, MODEL: model, JUPYTER_PLATFORM_DIRS: "1" };
    const { code, stdout, stderr } = await run(execute, words, env, EXAMPLES);
    expect(code, `${stdout}${stderr.slice(-8000)}\n${served.said()}`).toBe(0);
  },
);

test.skipIf(absent || !real)(
  "the lab's evaluation on 180 photos equals TensorFlow's",
  {
    timeout: 900_000,
  },
  async () => {
    const { code, stdout, stderr } = await pytest(sagemaker2, "test_lab.py", { ...served.env, BIRDS: REAL });
    expect(code, `${stdout}${stderr}\n${served.said()}`).toBe(0);
    expect(stdout).toMatch(/3 passed/);
    console.log(await labTimes(served, "process"));
  },
);

const hasImages =
  !absent &&
  real &&
  (await dockerOrSkip("the lab's evaluation in containers")) &&
  (await imageOrSkip("fieldmark/tensorflow", "the lab's evaluation in containers")) &&
  (await imageOrSkip("fieldmark/evaluator", "the lab's evaluation in containers"));

test.skipIf(!hasImages)(
  "in containers, by the images tensorflow and evaluator, it equals TensorFlow's too",
  { timeout: 900_000 },
  async () => {
    const containers = await serve(["--runtime", "docker"]);
    try {
      const env = { ...containers.env, BIRDS: REAL };
      const { code, stdout, stderr } = await pytest(sagemaker2, "test_lab.py", env);
      expect(code, `${stdout}${stderr}\n${containers.said()}`).toBe(0);
      expect(stdout).toMatch(/3 passed/);
      console.log(await labTimes(containers, "docker"));
    } finally {
      await containers.close();
    }
  },
);
