import { mkdtemp, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawCubTree } from "../examples/lab/cub-tree.mjs";
import { describe as describeReport, differences, gate } from "../examples/lab/review.mjs";
import { fieldmark, serve } from "../scripts/serve.mjs";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";
import { python, run } from "./python.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WHAT = "the lab whole, from pictures to the gate";
const tensorflow = python("tensorflow", WHAT) ?? "";
const IMAGES = ["fieldmark/sklearn", "fieldmark/tensorflow", "fieldmark/evaluator"];
let hasImages = await dockerOrSkip(`${WHAT}, in containers`);
for (const image of IMAGES) hasImages &&= await imageOrSkip(image, `${WHAT}, in containers`);

const sagemaker2 = python("sagemaker2", `${WHAT}, by the Python SDK`) ?? "";

let folder: string;
let served: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  folder = await mkdtemp(join(homedir(), ".fieldmark-test-"));
  if (tensorflow === "") return;
  served = await serve(["--runtime", "process"], {
    setup: async (data) => {
      for (const name of ["sklearn", "tensorflow"])
        await fieldmark("environments", "add", name, "--python", tensorflow, "--data", data);
    },
  });
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
});

async function lab(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return await run(process.execPath, ["examples/lab/run.mjs", ...words], env, ROOT);
}

/** Random weights in a file, as those of ImageNet are: Keras publishes none of this size. */
const MAKE_WEIGHTS = `
import sys, keras
network = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights=None)
network.save_weights(sys.argv[1])
`;

/** Ten birds of a species and one epoch: enough to see every step work, far too little to pass the gate. */
const LITTLE = ["--per-class", "10", "--epochs", "1"];

/** What a run has to show, whatever its little training came to. */
function expectWhole({ code, stdout, stderr }: Awaited<ReturnType<typeof lab>>): void {
  expect(code, `${stdout}${stderr}`).not.toBe(1);
  expect(stderr).toContain("train: 48 pictures");
  expect(stderr).toContain("base weights: random (none given), the whole network learns");
  expect(stderr).toMatch(/epoch 1\/1: .*val_accuracy/);
  expect(stdout).toContain("Both evaluations agree: every count, every measure to the last digit");
  // 16 test pictures: each line of the matrix has its class's two
  expect(stdout.match(/ of 2(?=$| {3}taken for)/gm)).toHaveLength(8);
  const accuracy = Number(/Gate: accuracy ([\d.]+)/.exec(stdout)?.[1]);
  expect(accuracy * 16).toBe(Math.round(accuracy * 16));
  expect(code).toBe(accuracy >= 0.7 ? 0 : 3);
}

// On two idle cores each of the next two takes about a minute, most of it TensorFlow's own start.
test.skipIf(tensorflow === "")("on the process runtime", { timeout: 900_000 }, async () => {
  expectWhole(await lab([...LITTLE, "--output", join(folder, "process")], served.env));
});

test.skipIf(tensorflow === "" || sagemaker2 === "")(
  "by the SageMaker Python SDK, from weights that are given",
  { timeout: 900_000 },
  async () => {
    const cub = join(folder, "cub");
    await drawCubTree(cub, { perClass: 5, seed: 1 });
    const weights = join(folder, "base.weights.h5");
    const made = await run(tensorflow, ["-c", MAKE_WEIGHTS, weights], {});
    expect(made.code, made.stderr).toBe(0);
    const words = ["examples/lab/run.py", cub, "--base-weights", weights, "--epochs", "1"];
    const { code, stdout, stderr } = await run(sagemaker2, words, served.env, ROOT);
    expect([0, 3], `${stdout}${stderr}`).toContain(code);
    expect(stdout).toContain("base weights: base.weights.h5, only the head learns");
    expect(stdout).toMatch(/Both evaluations agree; accuracy [\d.]+, the gate asks 0.7/);
  },
);

test.skipIf(!hasImages)("on the docker runtime, by a service of its own", { timeout: 900_000 }, async () => {
  expectWhole(await lab([...LITTLE, "--runtime", "docker", "--output", join(folder, "docker")]));
});

test.each([
  [["--epochs"], /argument missing|expected/i],
  [["--birds"], /birds/],
  [["--min-accuracy", "70"], /--min-accuracy is "70"/],
  [["--per-class", "4"], /--per-class is "4"/],
])("the words %o are refused with exit code 2", async (words, message) => {
  const { code, stderr } = await lab(words);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});

describe("the review", () => {
  const evaluation = (accuracy: unknown) => ({
    multiclass_classification_metrics: {
      accuracy: { value: accuracy, standard_deviation: "NaN" },
      confusion_matrix: { "017.Cardinal": { "017.Cardinal": 2, "073.Blue_Jay": 1 }, "073.Blue_Jay": {} },
    },
  });

  test("equal values have no differences, others are told by their place", () => {
    expect(differences(evaluation(0.7), evaluation(0.7))).toEqual([]);
    expect(differences(evaluation(0.1 + 0.2), evaluation(0.3))).toEqual([
      "multiclass_classification_metrics.accuracy.value: 0.30000000000000004 and 0.3",
    ]);
    expect(differences({ a: { b: 1 } }, { a: { c: 1 } })).toEqual([
      "a.b: 1 and undefined",
      "a.c: undefined and 1",
    ]);
    expect(differences({ a: 1 }, null)).toEqual([': {"a":1} and null']);
  });

  test.each([
    [0.7, true],
    [1, true],
    [0.6999, false],
    [Number.NaN, false],
    ["0.9", false],
    [undefined, false],
  ])("an accuracy of %s passes the gate of 0.7: %s", (accuracy, passed) => {
    expect(gate(evaluation(accuracy), 0.7).passed).toBe(passed);
  });

  test("without metrics the gate stays closed", () => {
    expect(gate({ multiclass_classification_metrics: undefined }, 0).passed).toBe(false);
  });

  test("a class's line says what it was taken for", () => {
    expect(describeReport(evaluation(0.5))).toEqual([
      "accuracy 0.5000",
      "017.Cardinal  2 of 3   taken for 073.Blue_Jay 1",
      "073.Blue_Jay  0 of 0",
    ]);
  });
});
