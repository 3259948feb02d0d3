import { expect, test } from "vitest";
import { type Predictions, withPredicted } from "./predictions/predictions.ts";
import { conflictingCopies, suspicions } from "./warnings.ts";

/** Predictions by their labels and answers; a digest a row, or one for all. */
function answers(classes: number, rows: readonly (readonly [label: number, answer: number])[]): Predictions {
  return withPredicted({
    classNames: Array.from({ length: classes }, (_, index) => `class_${index}`),
    imageFileNames: rows.map((_, row) => `${row}.jpg`),
    sha256: rows.map((_, row) => `${row}`),
    labels: Int32Array.from(rows, ([label]) => label),
    probabilities: {
      rows: rows.length,
      columns: classes,
      data: Float32Array.from(
        rows.flatMap(([, answer]) =>
          Array.from({ length: classes }, (_, index) => (index === answer ? 1 : 0)),
        ),
      ),
    },
    milliseconds: new Float64Array(rows.length),
  });
}

const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

test("copies under different labels are found; copies that agree, and unknown digests, are not", () => {
  const predictions = {
    ...answers(3, [
      [0, 0],
      [1, 1],
      [2, 2],
      [1, 1],
      [0, 0],
      [2, 2],
    ]),
    sha256: ["x", "y", "x", "y", "", ""],
  };
  expect(conflictingCopies(predictions)).toEqual([
    {
      sha256: "x",
      files: [
        { imageFileName: "0.jpg", label: 0 },
        { imageFileName: "2.jpg", label: 2 },
      ],
    },
  ]);
});

test.each([
  [1, "+ 1"],
  [-1, "− 1"],
])("labels that look shifted by %i are told of", (by, words) => {
  const rows = Array.from({ length: 40 }, (_, row) => [1 + (row % 3), 1 + (row % 3) + by] as const);
  const [first] = suspicions(answers(5, rows), { wilsonLow: 0.9, baseline: 0.5 });
  expect(first).toContain("the labels look shifted by one: 100.0 % of the predictions are the label");
  expect(first).toContain(`the label ${words}, 0.0 % the label itself`);
});

test("a model that is right, or confuses neighbours now and then, is not told to be shifted", () => {
  const good = times(20, [1, 1] as const);
  expect(suspicions(answers(3, good), { wilsonLow: 0.83, baseline: 0.5 })).toEqual([]);
  const some = [...times(12, [1, 1] as const), ...times(13, [1, 2] as const)];
  expect(suspicions(answers(3, some), { wilsonLow: 0.3, baseline: 0.2 })).toEqual([]);
});

test("an accuracy that is not clearly above the constant answer is told of; NaN fails closed", () => {
  const rows = [...times(5, [0, 0] as const), ...times(5, [1, 0] as const)];
  for (const wilsonLow of [0.5, 0.24, Number.NaN]) {
    const [found] = suspicions(answers(2, rows), { wilsonLow, baseline: 0.5 });
    expect(found).toContain("accuracy 50.0 % is not clearly above 50.0 %");
  }
  expect(suspicions(answers(2, rows), { wilsonLow: 0.51, baseline: 0.5 })).toEqual([]);
});
