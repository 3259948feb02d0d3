import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sampleModelPath } from "@fieldmark/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldmark, serve } from "../scripts/serve.mjs";
import { docker, dockerOrSkip, imageOrSkip } from "./docker.ts";
import { pytest, python } from "./python.ts";

const IMAGE = "fieldmark/pyspark";
const TESTS = fileURLToPath(new URL("../containers/pyspark/tests", import.meta.url));
const what = "Spark in containers";
const present = (await dockerOrSkip(what)) && (await imageOrSkip(IMAGE, what));
const sagemaker2 = present ? python("sagemaker2", "PySparkProcessor of SDK 2.x") : undefined;
const sagemaker3 = present ? python("sagemaker3", "PySparkProcessor of SDK 3.x") : undefined;

let served: Awaited<ReturnType<typeof serve>>;
let folder: string;

beforeAll(async () => {
  if (sagemaker2 === undefined && sagemaker3 === undefined) return;
  folder = await mkdtemp(join(tmpdir(), "fieldmark-pyspark-"));
  served = await serve(["--runtime", "docker", "--max-instances", "4"]);
});

afterAll(async () => {
  await served?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test.skipIf(!present)("the image's own program passes its tests", { timeout: 300_000 }, async () => {
  const mount = `type=bind,source=${TESTS},target=/tests,readonly`;
  const words = ["python3", "-m", "unittest", "discover", "--start-directory", "/tests"];
  const { code, stderr } = await docker([
    "run",
    "--rm",
    "--network",
    "none",
    "--mount",
    mount,
    IMAGE,
    ...words,
  ]);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/Ran \d\d+ tests/);
});

test.skipIf(sagemaker2 === undefined)(
  "PySparkProcessor on two instances: words, predictions by class, event log; a jar; a failure",
  { timeout: 3_600_000 },
  async () => {
    const [birds, evaluation] = [join(folder, "birds"), join(folder, "evaluation")];
    await fieldmark("samples", "render", "--output", birds);
    const images = join(birds, "test");
    await fieldmark("evaluate", "--model", sampleModelPath(), "--images", images, "--output", evaluation);
    await passes(sagemaker2, "test_pyspark.py", { EVALUATION: evaluation });
  },
);

test.skipIf(sagemaker3 === undefined)("PySparkProcessor of SDK 3.x", { timeout: 1_200_000 }, async () => {
  await passes(sagemaker3, "test_pyspark3.py", {});
});

async function passes(interpreter: string | undefined, file: string, more: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await pytest(interpreter ?? "", file, { ...served.env, ...more });
  expect(code, `${stdout}${stderr}\n${served.said()}`).toBe(0);
  expect(stdout).toMatch(/\d+ passed/);
}
