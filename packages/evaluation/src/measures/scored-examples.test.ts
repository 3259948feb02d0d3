import { expect, test } from "vitest";
import { mostConfused } from "./confusion-matrix.ts";
import { riskCoverageCurve } from "./risk-coverage.ts";
import { scoreExamples } from "./scored-examples.ts";
import { topKAccuracy } from "./top-k.ts";

const score = (labels: readonly number[], rows: readonly (readonly number[])[], columns = 3) =>
  scoreExamples({
    classNames: Array.from({ length: columns }, (_, index) => `class ${index}`),
    labels: Int32Array.from(labels),
    probabilities: { rows: rows.length, columns, data: Float32Array.from(rows.flat()) },
  });

test("the most probable class is predicted, the lowest index of equals", () => {
  const { predicted } = score(
    [0, 0, 0],
    [
      [0.2, 0.5, 0.3],
      [0.4, 0.2, 0.4],
      [0, 0, 1],
    ],
  );
  expect([...predicted]).toEqual([1, 0, 2]);
});

test.each([
  ["a label too large", "CLASSES_MISMATCH", [3], [[1, 0, 0]]],
  ["a negative label", "CLASSES_MISMATCH", [-1], [[1, 0, 0]]],
  ["too few labels", "LENGTH_MISMATCH", [], [[1, 0, 0]]],
  ["too few values", "LENGTH_MISMATCH", [0], [[1, 0]]],
  ["NaN", "PREDICTIONS_INVALID", [0], [[Number.NaN, 0, 1]]],
  ["infinity", "PREDICTIONS_INVALID", [0], [[0, Number.POSITIVE_INFINITY, 1]]],
  ["a negative probability", "PREDICTIONS_INVALID", [0], [[0.5, -0.5, 1]]],
  ["a row of zeros", "PREDICTIONS_INVALID", [0], [[0, 0, 0]]],
])("%s is %s", (_, code, labels, rows) => {
  expect(() => score(labels, rows)).toThrow(expect.objectContaining({ code }));
});

test("of equal probabilities the top k takes the higher class index, as scikit-learn does", () => {
  const { probabilities, labels } = score(
    [0, 2],
    [
      [0.4, 0.2, 0.4],
      [0.4, 0.2, 0.4],
    ],
  );
  expect(topKAccuracy(probabilities, labels, 1)).toBe(0.5);
  expect(topKAccuracy(probabilities, labels, 2)).toBe(1);
  for (const k of [0, 4, 1.5, Number.NaN]) {
    expect(() => topKAccuracy(probabilities, labels, k)).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
});

test("confusions are ordered by count, then by share of the actual class", () => {
  const counts = Float64Array.from([5, 2, 0, 1, 0, 2, 0, 3, 9]);
  expect(mostConfused({ classes: 3, counts }, 3)).toEqual([
    { actual: 2, predicted: 1, count: 3, shareOfActual: 3 / 12 },
    { actual: 1, predicted: 2, count: 2, shareOfActual: 2 / 3 },
    { actual: 0, predicted: 1, count: 2, shareOfActual: 2 / 7 },
  ]);
});

test("the risk–coverage curve answers equally confident examples together and ends at the error rate", () => {
  const examples = score(
    [0, 0, 1, 2],
    [
      [0.5, 0.25, 0.25],
      [1, 0, 0],
      [0.5, 0.25, 0.25],
      [0.75, 0.25, 0],
    ],
  );
  const curve = [
    { coverage: 1 / 4, risk: 0, confidence: 1 },
    { coverage: 2 / 4, risk: 1 / 2, confidence: 0.75 },
    { coverage: 1, risk: 2 / 4, confidence: 0.5 },
  ];
  expect(riskCoverageCurve(examples, 200)).toEqual(curve);
  expect(riskCoverageCurve(examples, 2)).toEqual([curve[0], curve[2]]);
});
