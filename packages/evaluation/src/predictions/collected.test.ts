import { expect, test } from "vitest";
import { CollectedPredictions } from "./collected.ts";

const examples = ["a", "b", "c"].map((imageFileName, label) => ({ imageFileName, path: "", label }));

function add(collected: CollectedPredictions, rows: readonly number[], first: number): void {
  collected.add({
    rows,
    sha256: rows.map((row) => `${row}`.padStart(64, "0")),
    probabilities: Float32Array.from(rows.flatMap((row) => [first, row / 10, 1 - first - row / 10])),
    millisecondsPerImage: 3,
  });
}

test("rows come out in the order of the dataset, whatever the order of the batches", () => {
  const collected = new CollectedPredictions(examples, ["x", "y", "z"]);
  add(collected, [2], 0.5);
  add(collected, [0, 1], 0.25);
  const predictions = collected.predictions();
  expect(predictions.imageFileNames).toEqual(["a", "b", "c"]);
  expect([...predictions.labels]).toEqual([0, 1, 2]);
  expect(Array.from(predictions.probabilities.data, (value) => Number(value.toFixed(3)))).toEqual([
    0.25, 0, 0.75, 0.25, 0.1, 0.65, 0.5, 0.2, 0.3,
  ]);
  expect([...predictions.predicted]).toEqual([2, 2, 0]);
});

test("a picture that failed has no row", () => {
  const collected = new CollectedPredictions(examples, ["x", "y", "z"]);
  add(collected, [0, 2], 0.5);
  expect(collected.count).toBe(2);
  expect(collected.has(1)).toBe(false);
  const predictions = collected.predictions();
  expect(predictions.imageFileNames).toEqual(["a", "c"]);
  expect([...predictions.labels]).toEqual([0, 2]);
  expect(predictions.probabilities.rows).toBe(2);
  expect(collected.predictions([2]).imageFileNames).toEqual(["c"]);
});

test("a row that comes twice counts once", () => {
  const collected = new CollectedPredictions(examples, ["x", "y", "z"]);
  add(collected, [1], 0.5);
  add(collected, [1], 0.25);
  expect(collected.count).toBe(1);
  expect(collected.predictions().probabilities.data[0]).toBe(0.25);
});
