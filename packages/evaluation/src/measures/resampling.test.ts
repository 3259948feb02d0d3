import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResamplePacker } from "../statistics/packed-resamples.ts";
import { seededBits } from "../statistics/random.ts";
import { drawResample, strataOf } from "../statistics/strata.ts";
import { cohenKappa, cohenKappaOfMargins } from "./agreement.ts";
import { expectedCalibrationError } from "./calibration.ts";
import { classCounts, confusionMatrix } from "./confusion-matrix.ts";
import { calibrationStatistic, meanStatistic, riskCoverageStatistic } from "./example-statistics.ts";
import { type GoldenCase, goldenExamples } from "./golden-cases.test.support.ts";
import { logLoss, logLosses } from "./probability-losses.ts";
import { averagePrecision, classScores, rocAuc } from "./ranking.ts";
import { rankingOf, rankingOfResamples, rankingWithoutEach } from "./ranking-statistics.ts";
import { bootstrapPlan } from "./resamples.ts";
import { areaUnderRiskCoverage } from "./risk-coverage.ts";
import { type ScoredExamples, scoreExamples } from "./scored-examples.ts";

const anyCase: fc.Arbitrary<GoldenCase> = fc.record({
  name: fc.constant(""),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  examples: fc.integer({ min: 2, max: 40 }),
  classes: fc.constant(3),
  labels: fc.constantFrom([0, 1, 2], [0, 0, 0, 1, 2], [0, 1]),
  spread: fc.constantFrom(2, 5, 1000),
  skill: fc.constantFrom(0, 3, 500),
  zeroBelow: fc.constant(0),
});

/** Example i repeated `weights[i]` times: what a weighted statistic must agree with. */
function repeated(examples: ScoredExamples, weights: ArrayLike<number>): ScoredExamples {
  const { columns, data } = examples.probabilities;
  const rows = [...examples.labels.keys()].flatMap((row) => Array<number>(weights[row] ?? 0).fill(row));
  return scoreExamples({
    classNames: examples.classNames,
    labels: Int32Array.from(rows, (row) => examples.labels[row] ?? 0),
    probabilities: {
      rows: rows.length,
      columns,
      data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * columns, (row + 1) * columns)])),
    },
  });
}

const without = (examples: ScoredExamples, left: number): ScoredExamples =>
  repeated(
    examples,
    Array.from(examples.labels, (_, row) => (row === left ? 0 : 1)),
  );

/** Equal up to rounding, or both undefined. */
function expectClose(found: number | undefined, want: number): void {
  if (Number.isNaN(want)) expect(found).toBeNaN();
  else expect(Math.abs((found ?? Number.NaN) - want)).toBeLessThan(1e-12);
}

describe.each([
  [
    "log loss",
    (e: ScoredExamples) => meanStatistic(logLosses(e.probabilities, e.labels)),
    (e: ScoredExamples) => logLoss(e.probabilities, e.labels),
  ],
  ["calibration error", calibrationStatistic, expectedCalibrationError],
  ["area under risk–coverage", riskCoverageStatistic, areaUnderRiskCoverage],
] as const)("%s", (_, statisticOf, value) => {
  test("of a resample, and without each example, is that of the examples themselves", () => {
    fc.assert(
      fc.property(anyCase, (made) => {
        const examples = goldenExamples(made);
        const statistic = statisticOf(examples);
        const weights = new Int32Array(made.examples);
        drawResample(strataOf(examples.labels, made.classes), seededBits(made.seed), weights);
        expectClose(statistic.resampled(weights), value(repeated(examples, weights)));
        statistic
          .withoutEach()
          .forEach((found, left) => void expectClose(found, value(without(examples, left))));
      }),
      { numRuns: 60 },
    );
  });
});

test("rankings of packed resamples, and without each example, are those of the examples themselves", () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom(1, 2, 40), (made, resamples) => {
      const examples = goldenExamples(made);
      const { labels, probabilities } = examples;
      const strata = strataOf(labels, made.classes);
      const bits = seededBits(made.seed);
      const packer = new ResamplePacker(made.examples, { resamples, bytes: 2 ** 20 });
      const drawn = Array.from({ length: resamples }, () => {
        const weights = new Int32Array(made.examples);
        drawResample(strata, bits, weights);
        packer.add(weights);
        return weights;
      });
      for (let column = 0; column < made.classes; column++) {
        const ranking = rankingOf(classScores(probabilities, column), labels, column);
        const values = {
          rocAuc: new Float64Array(resamples),
          averagePrecision: new Float64Array(resamples),
        };
        rankingOfResamples(ranking, packer.packed(), { ...values, offset: 0 });
        drawn.forEach((weights, resample) => {
          const again = repeated(examples, weights);
          const scores = classScores(again.probabilities, column);
          expectClose(values.rocAuc[resample], rocAuc(scores, again.labels, column));
          expectClose(values.averagePrecision[resample], averagePrecision(scores, again.labels, column));
        });
        const left = rankingWithoutEach(ranking);
        for (let row = 0; row < made.examples; row++) {
          const rest = without(examples, row);
          const scores = classScores(rest.probabilities, column);
          expectClose(left.rocAuc[row], rocAuc(scores, rest.labels, column));
          expectClose(left.averagePrecision[row], averagePrecision(scores, rest.labels, column));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("kappa of the margins is kappa", () => {
  fc.assert(
    fc.property(anyCase, (made) => {
      const { labels, predicted } = goldenExamples(made);
      const counts = classCounts(confusionMatrix(labels, predicted, made.classes));
      expectClose(cohenKappaOfMargins(counts), cohenKappa(counts));
    }),
  );
});

test("a resample keeps the size of every class", () => {
  const labels = Int32Array.from([2, 0, 0, 2, 2, 5]);
  const weights = new Int32Array(6);
  const bits = seededBits(1);
  for (let draw = 0; draw < 50; draw++) {
    drawResample(strataOf(labels, 6), bits, weights);
    const sizes = new Map<number, number>();
    labels.forEach((label, i) => void sizes.set(label, (sizes.get(label) ?? 0) + (weights[i] ?? 0)));
    expect([...sizes]).toEqual([
      [2, 3],
      [0, 2],
      [5, 1],
    ]);
  }
});

test("a packer takes what its bytes allow, and packs as many to a number as fit 53 bits", () => {
  const small = new ResamplePacker(180, { resamples: 2000, bytes: 2 ** 21 });
  expect(small.packed()).toMatchObject({ fields: 6, base: 256, columns: Math.ceil(2000 / 6) });
  const large = new ResamplePacker(10_000, { resamples: 2000, bytes: 800_000 });
  expect(large.packed()).toMatchObject({ fields: 3, columns: 10 });
  for (let i = 0; i < 30; i++) {
    expect(large.full).toBe(false);
    large.add(new Int32Array(10_000));
  }
  expect(large.full).toBe(true);
});

test.each([
  [180, 6, 2000, 2000, 2000],
  [10_000, 200, 2000, 2000, 1000],
  [50_000, 1000, 2000, 2000, 200],
  [2_000_000, 10, 2000, 200, 200],
  [180, 6, 0, 0, 0],
  [1e6, 1000, 100, 100, 100],
])(
  "%i examples of %i classes, %i asked for: %i resamples, %i of rankings",
  (examples, classes, ...counts) => {
    const [resamples = 0, all, ranked] = counts;
    const plan = bootstrapPlan(examples, classes, { resamples, seed: 1 });
    expect([plan.resamples, plan.rankingResamples]).toEqual([all, ranked]);
  },
);
