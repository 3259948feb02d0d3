import { bcaInterval, type JackknifeStratum } from "../statistics/bca.ts";
import type { Interval } from "../statistics/interval.ts";
import { fBetaOf } from "./classification.ts";
import type { ClassCounts, ConfusionMatrix } from "./confusion-matrix.ts";
import type { Resamples } from "./resamples.ts";

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

/**
 * Leave-one-out values of a function of the confusion matrix's diagonal and margins. Leaving out any
 * example of one cell gives the same counts, so each cell is computed once.
 */
export function jackknifeCells(
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
  { matrix, counts, resamples, level }: ClassBootstrap,
): Interval | null {
  const { classes } = matrix;
  const of = fBetaOf(beta);
  const at = (values: Float64Array, row = 0): number => values[row * classes + index] ?? 0;
  const [hits, actual, predicted] = [at(counts.truePositives), at(counts.actual), at(counts.predicted)];
  const estimate = of(hits, actual, predicted);
  const distribution = new Float64Array(resamples.predicted.length / classes);
  for (let resample = 0; resample < distribution.length; resample++) {
    distribution[resample] = of(
      at(resamples.truePositives, resample),
      actual,
      at(resamples.predicted, resample),
    );
  }
  const jackknife: JackknifeStratum[] = [];
  for (let row = 0; row < classes; row++) {
    const taken = at(matrix.counts, row);
    const left = (counts.actual[row] ?? 0) - taken;
    if (row === index) {
      const values = [of(hits - 1, actual - 1, predicted - 1), of(hits, actual - 1, predicted)];
      jackknife.push({ values, counts: [taken, left] });
    } else if (taken > 0) {
      jackknife.push({ values: [of(hits, actual, predicted - 1), estimate], counts: [taken, left] });
    }
  }
  return bootstrapInterval({ estimate, distribution, jackknife, level });
}

/** What the intervals of a class's F-beta are made of. */
export interface ClassBootstrap {
  readonly matrix: ConfusionMatrix;
  readonly counts: ClassCounts;
  readonly resamples: Pick<Resamples, "truePositives" | "predicted">;
  readonly level: number;
}
