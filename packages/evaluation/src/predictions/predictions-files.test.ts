import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { madePredictions } from "./made-predictions.test.support.ts";
import type { Predictions } from "./predictions.ts";
import { csvChunks } from "./predictions-csv.ts";
import { predictionsParquet } from "./predictions-parquet.ts";
import { readPredictions } from "./read-predictions.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-predictions-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const two: Predictions = {
  ...madePredictions(2, 2),
  classNames: ["a", "b"],
  imageFileNames: ['with "quotes", comma.jpg', "plain.jpg"],
  labels: Int32Array.of(0, 1),
  predicted: Int32Array.of(1, 1),
  probabilities: { rows: 2, columns: 2, data: Float32Array.of(0.1, 0.9, 1 / 3, 2 / 3) },
  milliseconds: Float64Array.of(1.23456, Number.NaN),
};

test("predictions.csv: the columns of docs/formats.md, quoted cells, empty milliseconds where they are unknown", () => {
  const zeros = "0".repeat(63);
  expect([...csvChunks(two)].join("")).toBe(
    [
      "image_file_name,sha256,label,predicted,confidence,p0,p1,milliseconds",
      `"with ""quotes"", comma.jpg",${zeros}0,0,1,0.9,0.1,0.9,1.235`,
      `plain.jpg,${zeros}1,1,1,0.6666667,0.33333334,0.6666667,`,
      "",
    ].join("\n"),
  );
});

test("predictions.csv comes in chunks of whole rows", () => {
  const chunks = [...csvChunks(madePredictions(600, 3))];
  expect(chunks.length).toBeGreaterThan(2);
  for (const chunk of chunks) expect(chunk.endsWith("\n")).toBe(true);
});

test("predictions.parquet: the columns, their types, the class names", async () => {
  const bytes = predictionsParquet(two);
  const file = bytes.buffer.slice(0) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  expect(parquetSchema(metadata).children.map(({ element }) => [element.name, element.type])).toEqual([
    ["image_file_name", "BYTE_ARRAY"],
    ["sha256", "BYTE_ARRAY"],
    ["label", "INT32"],
    ["predicted", "INT32"],
    ["label_name", "BYTE_ARRAY"],
    ["predicted_name", "BYTE_ARRAY"],
    ["confidence", "FLOAT"],
    ["p0", "FLOAT"],
    ["p1", "FLOAT"],
    ["milliseconds", "DOUBLE"],
  ]);
  const [first] = await parquetReadObjects({ file });
  expect(first).toMatchObject({
    image_file_name: 'with "quotes", comma.jpg',
    label: 0,
    label_name: "a",
    predicted_name: "b",
    p1: Math.fround(0.9),
    milliseconds: 1.23456,
  });
});

test.each(["csv", "parquet"])("%s: what is written is read back to the last bit", async (format) => {
  for (const [rows, classes] of [
    [1, 2],
    [7, 5],
    [300, 40],
  ] as const) {
    const made = madePredictions(rows, classes);
    const path = join(folder, `predictions.${format}`);
    await writeFile(path, format === "csv" ? [...csvChunks(made)].join("") : predictionsParquet(made));
    const { predictions: read, classNameSource } = await readPredictions(path, {
      classNames: made.classNames,
    });
    expect(classNameSource).toBe("labels file");
    expect(read.imageFileNames).toEqual(made.imageFileNames);
    expect(read.sha256).toEqual(made.sha256);
    expect(read.labels).toEqual(made.labels);
    expect(read.predicted).toEqual(made.predicted);
    expect(read.probabilities).toEqual(made.probabilities);
    for (const [row, time] of made.milliseconds.entries()) {
      if (Number.isNaN(time)) expect(read.milliseconds[row]).toBeNaN();
      else expect(read.milliseconds[row]).toBeCloseTo(time, format === "csv" ? 3 : 12);
    }
  }
});

test("predictions.parquet carries its class names, __proto__ too", async () => {
  const made = madePredictions(3, 5);
  const path = join(folder, "named.parquet");
  await writeFile(path, predictionsParquet(made));
  const { predictions, classNameSource } = await readPredictions(path);
  expect(predictions.classNames).toEqual(made.classNames);
  expect(classNameSource).toBe("named.parquet");
});
