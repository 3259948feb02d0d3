import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { preprocessFiles, preprocessing } from "@fieldmark/imaging";
import { loadModel } from "@fieldmark/model";
import { SPECIES_NAMES, sampleModelPath } from "@fieldmark/samples";
import { expect, test } from "vitest";

/** TensorFlow's probabilities of eight pictures, by packages/samples/training/train.py. */
async function golden(): Promise<
  readonly { readonly file: string; readonly probabilities: readonly number[] }[]
> {
  const folder = join(dirname(sampleModelPath()), "golden");
  const [, ...rows] = (await readFile(join(folder, "expected.csv"), "utf8")).trimEnd().split("\n");
  return rows.map((row) => {
    const [name = "", , ...probabilities] = row.split(",");
    return { file: join(folder, name), probabilities: probabilities.map(Number) };
  });
}

test("the sample model gives TensorFlow's probabilities, within 1e-5, for the pictures it is least sure of", async () => {
  const rows = await golden();
  expect(rows).toHaveLength(SPECIES_NAMES.length);
  await using model = await loadModel(sampleModelPath(), { cacheFolder: null });
  expect(model.description.classNames).toEqual(SPECIES_NAMES);
  const recipe = preprocessing("mobilenet_v2", { height: 96, width: 96 });
  let compared = 0;
  for await (const { pixels } of preprocessFiles(
    rows.map(({ file }) => file),
    recipe,
  )) {
    const expected = rows[compared++]?.probabilities ?? [];
    const probabilities = await model.classify(pixels, 1);
    expect(probabilities).toHaveLength(expected.length);
    for (const [i, probability] of probabilities.entries())
      expect(Math.abs(probability - (expected[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-5);
  }
  expect(compared).toBe(rows.length);
});
