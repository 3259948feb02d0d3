import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLASS_MEASURES, type ClassMeasureKey } from "./class-table.ts";
import { computeMeasures } from "./compute-measures.ts";
import type { Estimate, Measures } from "./measures.ts";
import { type ScoredExamples, scoreExamples } from "./scored-examples.ts";
import { MEASURES, type MeasureKey } from "./table.ts";

const keysOf = <Key extends string>(table: Record<Key, unknown>): Key[] => Object.keys(table) as Key[];

/** Few different scores, so that ties are common; labels that leave classes out. */
const anyExamples: fc.Arbitrary<ScoredExamples> = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 }))
  .chain(([classes, rows, levels]) =>
    fc.record({
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: rows, maxLength: rows }),
      scores: fc.array(fc.integer({ min: 0, max: levels }), {
        minLength: rows * classes,
        maxLength: rows * classes,
      }),
      classes: fc.constant(classes),
    }),
  )
  .map(({ labels, scores, classes }) => {
    const data = Float32Array.from(scores);
    labels.forEach((_, row) => {
      const start = row * classes;
      const sum = data.subarray(start, start + classes).reduce((total, score) => total + score, 0);
      if (sum === 0) data[start] = 1;
      for (let c = 0; c < classes; c++) data[start + c] = (data[start + c] ?? 0) / (sum || 1);
    });
    return scoreExamples({
      classNames: Array.from({ length: classes }, (_, index) => `class ${index}`),
      labels: Int32Array.from(labels),
      probabilities: { rows: labels.length, columns: classes, data },
    });
  });

/** The same examples, row i being row `order[i]`. */
function reordered(examples: ScoredExamples, order: readonly number[]): ScoredExamples {
  const { columns, data } = examples.probabilities;
  const rows = order.flatMap((row) => [...data.subarray(row * columns, (row + 1) * columns)]);
  return scoreExamples({
    classNames: examples.classNames,
    labels: Int32Array.from(order, (row) => examples.labels[row] ?? 0),
    probabilities: { rows: order.length, columns, data: Float32Array.from(rows) },
  });
}

const ONE_HOT = (labels: readonly number[], classes: number, predicted = labels): ScoredExamples => {
  const data = new Float32Array(labels.length * classes);
  predicted.forEach((prediction, row) => {
    data[row * classes + prediction] = 1;
  });
  return scoreExamples({
    classNames: Array.from({ length: classes }, (_, index) => `class ${index}`),
    labels: Int32Array.from(labels),
    probabilities: { rows: labels.length, columns: classes, data },
  });
};

const values = (measures: Measures): [string, Estimate, readonly [number, number]][] => [
  ...keysOf(MEASURES).map((key): [string, Estimate, readonly [number, number]] => [
    key,
    measures.overall[key],
    MEASURES[key].range,
  ]),
  ...measures.perClass.flatMap((one) =>
    keysOf(CLASS_MEASURES).map((key): [string, Estimate, readonly [number, number]] => [
      `${key} of ${one.name}`,
      one[key],
      CLASS_MEASURES[key].range,
    ]),
  ),
];

test("every value and bound lies in its measure's range, around nothing but numbers", () => {
  fc.assert(
    fc.property(anyExamples, fc.constantFrom(0, 100), (examples, resamples) => {
      for (const [key, { value, interval }, [least, most]] of values(
        computeMeasures(examples, { resamples }),
      )) {
        for (const number of [value, interval?.low, interval?.high]) {
          if (number === null || number === undefined) continue;
          expect(number, key).toBeGreaterThanOrEqual(least - 1e-12);
          expect(number, key).toBeLessThanOrEqual(most + 1e-12);
        }
        if (interval) expect(interval.low, key).toBeLessThanOrEqual(interval.high);
        if (interval?.method === "wilson" && value !== null) {
          expect(value, key).toBeGreaterThanOrEqual(interval.low - 1e-12);
          expect(value, key).toBeLessThanOrEqual(interval.high + 1e-12);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("the order of the examples changes no value by more than rounding", () => {
  fc.assert(
    fc.property(anyExamples, fc.infiniteStream(fc.nat()), (examples, keys) => {
      const order = [...examples.labels.keys()]
        .map((row) => ({ row, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row);
      const before = values(computeMeasures(examples, { resamples: 0 }));
      const after = values(computeMeasures(reordered(examples, order), { resamples: 0 }));
      before.forEach(([key, { value }], i) => {
        const other = after[i]?.[1].value;
        if (value === null) expect([key, other]).toEqual([key, null]);
        else expect(Math.abs((other ?? Number.NaN) - value), key).toBeLessThan(1e-12);
      });
    }),
    { numRuns: 100 },
  );
});

test("accuracy, kappa and Matthews are symmetric; precision and recall change places", () => {
  fc.assert(
    fc.property(anyExamples, (examples) => {
      const classes = examples.classNames.length;
      const [labels, predicted] = [[...examples.labels], [...examples.predicted]];
      const one = computeMeasures(ONE_HOT(labels, classes, predicted), { resamples: 0 }).overall;
      const other = computeMeasures(ONE_HOT(predicted, classes, labels), { resamples: 0 }).overall;
      for (const key of ["accuracy", "f1_macro", "f1_macro_all_classes"] as const) {
        expect(one[key].value).toEqual(other[key].value);
      }
      for (const key of ["cohen_kappa", "matthews_corrcoef"] as const) {
        expect(one[key].value ?? 9).toBeCloseTo(other[key].value ?? 9, 12);
      }
      expect(one.precision_macro.value).toEqual(other.recall_macro.value);
    }),
    { numRuns: 100 },
  );
});

/** What a measure is when every answer is right and certain. */
const PERFECT: Partial<Record<MeasureKey, number>> = {
  log_loss: -Math.log(1 - 2 ** -52),
  brier_score: 0,
  expected_calibration_error: 0,
  area_under_risk_coverage: 0,
};

describe.each(keysOf(MEASURES))("%s", (key) => {
  const better = MEASURES[key].direction === "higher" ? 1 : -1;
  const labels = [0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 4, 5];

  test("of perfect predictions is its best value, and of worse ones no better", () => {
    const perfect = computeMeasures(ONE_HOT(labels, 6), { resamples: 0 }).overall[key].value;
    expect(perfect).toBe(PERFECT[key] ?? 1);
    const rotated = labels.map((label) => (label + 1) % 6);
    const wrong = computeMeasures(ONE_HOT(labels, 6, rotated), { resamples: 0 }).overall[key].value;
    expect(((perfect ?? 0) - (wrong ?? 0)) * better).toBeGreaterThan(0);
  });

  test("of no examples is null", () => {
    expect(computeMeasures(ONE_HOT([], 6)).overall[key]).toEqual({ value: null, interval: null });
  });

  test("describes itself", () => {
    const { title, definition, source, range } = MEASURES[key];
    expect([title, definition, source].every((text) => text.length > 3 && !/undefined|\n/.test(text))).toBe(
      true,
    );
    expect(range[0]).toBeLessThan(range[1]);
  });
});

test("a class in neither labels nor predictions has no values; one never predicted has precision 0", () => {
  const measures = computeMeasures(ONE_HOT([0, 0, 1], 3, [0, 0, 0]), { resamples: 100 });
  const [first, never, absent] = measures.perClass;
  const keys: ClassMeasureKey[] = keysOf(CLASS_MEASURES);
  for (const key of keys) expect([key, absent?.[key]]).toEqual([key, { value: null, interval: null }]);
  expect(never?.precision).toEqual({ value: 0, interval: null });
  expect(never?.recall.value).toBe(0);
  expect(never?.recall.interval?.low).toBe(0);
  expect(first?.recall.value).toBe(1);
  expect(measures.overall.precision_macro.value).toBe(2 / 3 / 2);
  expect(measures.overall.precision_macro_all_classes.value).toBe(2 / 3 / 3);
});

test("the same seed gives the same intervals, another seed others, and none are made with 0 resamples", () => {
  const examples = ONE_HOT([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2], 3, [0, 0, 1, 2, 1, 1, 0, 1, 1, 2, 2, 0]);
  const macro = (options: object) => computeMeasures(examples, options).overall.f1_macro.interval;
  expect(macro({})).toEqual(macro({ seed: 1, resamples: 2000, level: 0.95 }));
  expect(macro({})).toMatchObject({ method: "bca", resamples: 2000, level: 0.95 });
  expect(macro({})).not.toEqual(macro({ seed: 2 }));
  expect(macro({ resamples: 0 })).toBeNull();
  expect(computeMeasures(examples, { resamples: 0 }).overall.accuracy.interval?.method).toBe("wilson");
});

test("a perfect model has no bootstrap interval: its resamples are all alike", () => {
  const { overall } = computeMeasures(ONE_HOT([0, 0, 1, 1, 2, 2], 3));
  expect(overall.f1_macro).toEqual({ value: 1, interval: null });
  expect(overall.accuracy.interval?.low).toBeGreaterThan(0.5);
});

test.each([{ level: 1 }, { level: Number.NaN }, { resamples: 99 }, { resamples: 150.5 }, { seed: 0.5 }])(
  "%o is refused",
  (options) => {
    expect(() => computeMeasures(ONE_HOT([0], 2), options)).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  },
);
