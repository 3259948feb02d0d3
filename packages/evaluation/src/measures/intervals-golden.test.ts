import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { normalCdf, normalQuantile } from "../statistics/normal.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import type { ClassMeasureKey } from "./class-table.ts";
import { computeMeasures } from "./compute-measures.ts";
import { type GoldenCase, goldenExamples } from "./golden-cases.test.support.ts";
import type { Estimate } from "./measures.ts";
import type { MeasureKey } from "./table.ts";

type Bounds = readonly [number, number] | null;

interface IntervalsGolden {
  /** successes, trials, level, low, high */
  readonly wilson: readonly (readonly [number, number, number, number, number])[];
  readonly bca: readonly {
    readonly case: GoldenCase;
    readonly resamples: number;
    readonly seed: number;
    readonly level: number;
    readonly overall: Record<string, Bounds>;
    readonly perClass: Record<string, readonly Bounds[]>;
  }[];
}

const read = <Value>(name: string): Value =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}`, import.meta.url), "utf8"));

const intervals = read<IntervalsGolden>("intervals.json");
const normal = read<Record<"cdf" | "quantile", readonly (readonly [number, number])[]>>("normal.json");

const relative = (found: number, want: number): number =>
  found === want ? 0 : Math.abs(found - want) / Math.abs(want);

function expectBounds(name: string, { interval }: Estimate, want: Bounds | undefined): void {
  if (want === null || want === undefined) {
    expect([name, interval]).toEqual([name, null]);
    return;
  }
  expect(Math.abs((interval?.low ?? Number.NaN) - want[0]), `${name} low`).toBeLessThanOrEqual(1e-12);
  expect(Math.abs((interval?.high ?? Number.NaN) - want[1]), `${name} high`).toBeLessThanOrEqual(1e-12);
}

test.each(intervals.wilson)(
  "Wilson %i of %i at %f is statsmodels'",
  (successes, trials, level, low, high) => {
    const found = wilsonInterval(successes, trials, level);
    expect(found?.low).toBeCloseTo(low, 14);
    expect(found?.high).toBeCloseTo(high, 14);
  },
);

test.each(intervals.bca.map((entry) => ({ ...entry, name: entry.case.name })))(
  "$name: every BCa interval is scipy's with the same resamples, to 1e-12",
  ({ case: made, resamples, seed, level, overall, perClass }) => {
    const measures = computeMeasures(goldenExamples(made), { resamples, seed, level });
    const keys = Object.keys(overall) as MeasureKey[];
    expect(keys.length).toBeGreaterThan(15);
    for (const key of keys) expectBounds(key, measures.overall[key], overall[key]);
    for (const key of Object.keys(perClass) as ClassMeasureKey[]) {
      measures.perClass.forEach((one, index) => {
        expectBounds(`${key} of class ${index}`, one[key], perClass[key]?.[index]);
      });
    }
  },
);

test.each(normal.cdf)("normalCdf(%f) is scipy's ndtr", (x, want) => {
  expect(relative(normalCdf(x), want)).toBeLessThan(2e-13);
});

test.each(normal.quantile)("normalQuantile(%f) is scipy's ndtri", (probability, want) => {
  const found = normalQuantile(probability);
  expect(Math.min(relative(found, want), Math.abs(found - want) * 100)).toBeLessThan(1e-13);
});

test("the normal functions at their ends", () => {
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  expect([normalQuantile(-0.1), normalQuantile(1.1), normalQuantile(Number.NaN)]).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
  expect([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(Number.POSITIVE_INFINITY)]).toEqual([0, 1]);
});

test("Wilson intervals refuse counts and levels out of range, and nothing tried has none", () => {
  expect(wilsonInterval(0, 0)).toBeNull();
  for (const [successes, trials, level] of [
    [2, 1, 0.95],
    [-1, 1, 0.95],
    [Number.NaN, 1, 0.95],
    [1, 2, 1],
    [1, 2, Number.NaN],
  ] as const) {
    expect(() => wilsonInterval(successes, trials, level)).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  }
});
