import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, readNpy } from "@fieldmark/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Where packages/model/golden/make-applications put the models; `.ci/run` makes them. */
const FOLDER = process.env.FIELDMARK_APPLICATIONS;
if (FOLDER === undefined) {
  console.warn(
    "skipped: classifiers of tf.keras.applications (run packages/model/golden/make-applications PYTHON_KERAS2 PYTHON_KERAS3 FOLDER, then set FIELDMARK_APPLICATIONS=FOLDER)",
  );
}

const IN_BOTH = [
  "ConvNeXtTiny",
  "DenseNet121",
  "EfficientNetB0",
  "EfficientNetV2B0",
  "InceptionResNetV2",
  "InceptionV3",
  "LabHead-0.35",
  "MobileNet-0.25",
  "MobileNetV2-0.35",
  "MobileNetV3Small-0.75",
  "NASNetMobile",
  "ResNet50",
  "ResNet50V2",
  "VGG16",
  "Xception",
];
/** The smallest member of each family; the newest Keras has no RegNet and no ResNetRS. */
const MEMBERS = {
  keras2: [...IN_BOTH, "RegNetX002", "RegNetY002", "ResNetRS50"],
  keras3: IN_BOTH,
};

/** What make_applications.py says of a member. */
interface Meta {
  readonly output: "probabilities" | "logits";
  readonly parameters: number;
}

let cacheFolder: string;

beforeAll(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), "fieldmark-applications-"));
});

afterAll(async () => {
  await rm(cacheFolder, { recursive: true, force: true });
});

function rowsOf(values: Float32Array, rows: number): readonly Float32Array[] {
  const columns = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns));
}

const argmax = (row: Float32Array): number => row.indexOf(Math.max(...row));

function margin(row: Float32Array): number {
  const [first = Number.NaN, second = Number.NaN] = [...row].sort((a, b) => b - a);
  return first - second;
}

describe.skipIf(FOLDER === undefined).each(["keras2", "keras3"] as const)("saved by %s", (way) => {
  const folder = join(FOLDER ?? "", way);

  test.each(MEMBERS[way])("%s gives TensorFlow's probabilities", async (name) => {
    const at = join(folder, name);
    if (!existsSync(at)) throw new Error(`${at} is absent; it holds ${await readdir(folder)}`);
    const meta: Meta = JSON.parse(readFileSync(join(at, "meta.json"), "utf8"));
    const inputs = await readNpy(join(at, "inputs.npy"));
    const expected = await readNpy(join(at, "expected.npy"));
    const batch = inputs.shape[0]!;

    await using model = await loadModel(join(at, "model"), { cacheFolder });
    expect(model.classOutput().kind).toBe(meta.output);
    expect(model.description.parameters).toBeGreaterThanOrEqual(meta.parameters * 0.98);
    const probabilities = await model.classify(inputs.data as Float32Array, batch);

    const ours = rowsOf(probabilities, batch);
    const theirs = rowsOf(expected.data as Float32Array, batch);
    expect(
      new Set(theirs.map(argmax)).size,
      "calibrated: inputs get different classes",
    ).toBeGreaterThanOrEqual(3);
    for (const [row, answer] of theirs.entries()) {
      const difference = Math.max(...answer.map((value, column) => Math.abs(value - ours[row]![column]!)));
      expect(difference, `row ${row}`).toBeLessThanOrEqual(1e-5);
      if (margin(answer) > 2e-5) expect(argmax(ours[row]!), `row ${row}`).toBe(argmax(answer));
    }
  });
});
