import { bcaInterval, type JackknifeStratum } from "../statistics/bca.ts";
import type { Interval } from "../statistics/interval.ts";
import { byStratum, type Strata } from "../statistics/strata.ts";
import { fBetaOf } from "./classification.ts";
import type { ClassCounts, ConfusionMatrix } from "./confusion-matrix.ts";
import type { ExampleStatistic } from "./example-statistics.ts";

/** Values of a statistic that differ by less are equal, and differ by rounding only. */
const ROUNDING = 1e-12;

export interface Bootstrapped {
  readonly estimate: number;
  readonly distribution: Float64Array;
  readonly jackknife: readonly JackknifeStratum[];
  readonly level: number;
}

/**
 * A BCa interval whose bias correction is not led astray by rounding: a resample that differs from the
 * estimate in the last bits only counts as equal to it.
 */
export function bootstrapInterval({
  estimate,
  distribution,
  jackknife,
  level,
}: Bootstrapped): Interval | null {
  if (Number.isNaN(estimate)) return null;
  const near = ROUNDING * Math.max(1, Math.abs(estimate));
  const snapped = distribution.map((value) => (Math.abs(value - estimate) <= near ? estimate : value));
  return bcaInterval({ estimate, distribution: snapped, jackknife, level });
}

/** Interval of a measure that is a function of the confusion matrix's diagonal and margins. */
export function countsInterval(
  measure: (counts: ClassCounts) => number,
  {
    estimate,
    matrix,
    counts,
    resamples,
    level,
  }: {
    readonly estimate: number;
    readonly matrix: ConfusionMatrix;
    readonly counts: ClassCounts;
    readonly resamples: readonly ClassCounts[];
    readonly level: number;
  },
): Interval | null {
  const distribution = Float64Array.from(resamples, measure);
  return bootstrapInterval({
    estimate,
    distribution,
    jackknife: jackknifeCells(measure, matrix, counts),
    level,
  });
}

/** Leaving out any example of one cell gives the same counts, so each cell is computed once. */
function jackknifeCells(
  measure: (counts: ClassCounts) => number,
  matrix: ConfusionMatrix,
  { truePositives, actual, predicted }: ClassCounts,
): JackknifeStratum[] {
  const without = {
    truePositives: truePositives.slice(),
    actual: actual.slice(),
    predicted: predicted.slice(),
  };
  const shift = (counts: Float64Array, index: number, by: number): void => {
    counts[index] = (counts[index] ?? 0) + by;
  };
  const change = (row: number, column: number, by: number): void => {
    shift(without.actual, row, by);
    shift(without.predicted, column, by);
    if (row === column) shift(without.truePositives, row, by);
  };
  return Array.from(actual, (support, row) => {
    const values: number[] = [];
    const cells: number[] = [];
    if (support < 2) return { values, counts: cells };
    for (let column = 0; column < matrix.classes; column++) {
      const count = matrix.counts[row * matrix.classes + column] ?? 0;
      if (count === 0) continue;
      change(row, column, -1);
      values.push(measure(without));
      cells.push(count);
      change(row, column, 1);
    }
    return { values, counts: cells };
  });
}

/** Interval of the F-beta of one class. */
export function fBetaInterval(
  index: number,
  beta: number,
  {
    matrix,
    counts,
    resamples,
    level,
  }: {
    readonly matrix: ConfusionMatrix;
    readonly counts: ClassCounts;
    readonly resamples: readonly ClassCounts[];
    readonly level: number;
  },
): Interval | null {
  const of = fBetaOf(beta);
  const at = (values: Float64Array): number => values[index] ?? 0;
  const [hits, actual, predicted] = [at(counts.truePositives), at(counts.actual), at(counts.predicted)];
  const estimate = of(hits, actual, predicted);
  const distribution = Float64Array.from(resamples, (resample) =>
    of(at(resample.truePositives), actual, at(resample.predicted)),
  );
  const jackknife: JackknifeStratum[] = [];
  for (let row = 0; row < matrix.classes; row++) {
    const taken = matrix.counts[row * matrix.classes + index] ?? 0;
    const left = (counts.actual[row] ?? 0) - taken;
    if (row === index) {
      jackknife.push({
        values: [of(hits - 1, actual - 1, predicted - 1), of(hits, actual - 1, predicted)],
        counts: [taken, left],
      });
    } else if (taken > 0) {
      jackknife.push({
        values: [of(hits, actual, predicted - 1), estimate],
        counts: [taken, left],
      });
    }
  }
  return bootstrapInterval({ estimate, distribution, jackknife, level });
}

/** Interval of a measure of the probabilities, example by example. */
export function exampleInterval(
  statistic: ExampleStatistic,
  {
    estimate,
    distribution,
    strata,
    level,
  }: {
    readonly estimate: number;
    readonly distribution: Float64Array;
    readonly strata: Strata;
    readonly level: number;
  },
): Interval | null {
  return bootstrapInterval({
    estimate,
    distribution,
    jackknife: byStratum(strata, statistic.withoutEach()),
    level,
  });
}
