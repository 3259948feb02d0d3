import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CLASS_MEASURES, type ClassMeasureKey } from "./class-table.ts";
import { computeMeasures } from "./compute-measures.ts";
import { type GoldenCase, goldenExamples } from "./golden-cases.test.support.ts";
import { MEASURES, type MeasureKey } from "./table.ts";

type Values<Key extends string> = Record<Key, number | null>;

interface MeasuresGolden {
  readonly cases: readonly {
    readonly case: GoldenCase;
    readonly expected: {
      readonly overall: Values<MeasureKey>;
      readonly perClass: Record<ClassMeasureKey | "support", readonly (number | null)[]>;
      readonly bestConstantClassifier: Record<string, number>;
      readonly confusionMatrix: readonly (readonly number[])[] | null;
      readonly reliability: Record<"count" | "confidence" | "accuracy", readonly (number | null)[]>;
      readonly logLossOfFloat32: number | null;
    };
  }[];
}

const golden: MeasuresGolden = JSON.parse(
  readFileSync(new URL("../../golden/measures.json", import.meta.url), "utf8"),
);

/** Logarithms are not rounded alike by every library, and the reference adds these in another order. */
const WITHIN: Partial<Record<MeasureKey, number>> = { log_loss: 1e-14, area_under_risk_coverage: 1e-14 };

const keysOf = <Key extends string>(table: Record<Key, unknown>): Key[] => Object.keys(table) as Key[];

test.each(golden.cases.map((entry) => ({ ...entry, name: entry.case.name })))(
  "$name: every measure is scikit-learn's to the last bit",
  ({ case: made, expected }) => {
    const measures = computeMeasures(goldenExamples(made), { resamples: 0 });
    for (const key of keysOf(MEASURES)) {
      const [found, want] = [measures.overall[key].value, expected.overall[key]];
      const within = WITHIN[key];
      if (within === undefined || found === null || want === null) expect([key, found]).toEqual([key, want]);
      else expect(Math.abs(found - want), key).toBeLessThanOrEqual(within * Math.max(1, Math.abs(want)));
    }
    for (const key of keysOf(CLASS_MEASURES)) {
      const found = measures.perClass.map((one) => one[key].value);
      expect([key, ...found]).toEqual([key, ...expected.perClass[key]]);
    }
    expect(measures.perClass.map((one) => one.support)).toEqual(expected.perClass.support);
    expect(measures.bestConstantClassifier).toMatchObject(expected.bestConstantClassifier);
    if (expected.confusionMatrix) expect(measures.confusionMatrix).toEqual(expected.confusionMatrix);
    for (const column of ["count", "confidence", "accuracy"] as const) {
      expect(measures.reliability.map((bin) => bin[column])).toEqual(expected.reliability[column]);
    }
  },
);

test("the golden file holds a value for every measure of the tables", () => {
  for (const { expected } of golden.cases) {
    expect(Object.keys(expected.overall).sort()).toEqual(Object.keys(MEASURES).sort());
    expect(Object.keys(expected.perClass).sort()).toEqual([...Object.keys(CLASS_MEASURES), "support"].sort());
  }
});

test("scikit-learn's log loss of float32 rows is the same, but for its clipping at 2⁻²³ and float32 arithmetic", () => {
  const differences = golden.cases.map(({ expected, case: { name } }) => {
    const [ours, float32] = [expected.overall.log_loss ?? 0, expected.logLossOfFloat32 ?? 0];
    return { name, relative: (ours - float32) / Math.max(1, ours) };
  });
  const clipped = differences.filter(({ relative }) => Math.abs(relative) > 1e-5);
  expect(clipped.every(({ relative }) => relative > 0.5)).toBe(true);
  expect(clipped.map(({ name }) => name)).toEqual(["mistakes of probability 0"]);
});
