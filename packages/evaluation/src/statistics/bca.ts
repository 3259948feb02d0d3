import type { Interval } from "./interval.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/** Values of a statistic with one example of a stratum left out, equal ones counted together. */
export interface JackknifeStratum {
  /** The statistic with an example left out. */
  readonly values: ArrayLike<number>;
  /** How many examples of the stratum give that value; all 1 when absent. */
  readonly counts?: ArrayLike<number>;
}

export interface BcaInput {
  /** The statistic of all examples. */
  readonly estimate: number;
  /** The statistic of every resample, in any order. */
  readonly distribution: Float64Array;
  /** Leave-one-out values, a stratum each; strata of one example take no part. */
  readonly jackknife: readonly JackknifeStratum[];
  readonly level: number;
}

/**
 * Bias-corrected and accelerated bootstrap interval (Efron and Tibshirani, 1993, chapters 14 and 15).
 *
 * @returns null when the statistic is undefined in some resample or the distribution cannot carry an
 *   interval (all resamples alike, or all on one side of the estimate)
 * @see scipy.stats.bootstrap(method="BCa") with one sample a stratum
 */
export function bcaInterval({ estimate, distribution, jackknife, level }: BcaInput): Interval | null {
  const resamples = distribution.length;
  const bias = normalQuantile(meanPercentile(distribution, estimate));
  const acceleration = jackknifeAcceleration(jackknife);
  const edge = normalQuantile((1 - level) / 2);
  const adjusted = (z: number): number => normalCdf(bias + z / (1 - acceleration * z));
  const [lower, upper] = [adjusted(bias + edge), adjusted(bias - edge)];
  const sorted = distribution.slice().sort();
  if (sorted[0] === sorted[resamples - 1]) return null;
  const low = quantileOfSorted(sorted, lower);
  const high = quantileOfSorted(sorted, upper);
  if (Number.isNaN(low) || Number.isNaN(high)) return null;
  return { low, high, level, method: "bca", resamples };
}

/** Share of the distribution below the estimate, those equal to it counted half. */
function meanPercentile(distribution: Float64Array, estimate: number): number {
  let below = 0;
  for (const value of distribution) {
    if (value < estimate) below += 2;
    else if (value === estimate) below += 1;
    else if (Number.isNaN(value)) return Number.NaN;
  }
  return below / (2 * distribution.length);
}

/** NaN when no leave-one-out value differs from its stratum's mean. */
function jackknifeAcceleration(strata: readonly JackknifeStratum[]): number {
  let cubes = 0;
  let squares = 0;
  for (const { values, counts } of strata) {
    let size = 0;
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const count = counts?.[i] ?? 1;
      size += count;
      sum += count * (values[i] ?? Number.NaN);
    }
    if (size < 2) continue;
    const mean = sum / size;
    for (let i = 0; i < values.length; i++) {
      const influence = ((size - 1) * (mean - (values[i] ?? Number.NaN))) / size;
      const square = influence * influence * (counts?.[i] ?? 1);
      squares += square;
      cubes += square * influence;
    }
  }
  return cubes / (6 * squares ** 1.5);
}

/** Linear interpolation between order statistics; NaN for a NaN fraction. */
function quantileOfSorted(sorted: Float64Array, fraction: number): number {
  const position = fraction * (sorted.length - 1);
  const index = Math.floor(position);
  const low = sorted[index] ?? Number.NaN;
  const high = sorted[index + 1] ?? low;
  return low + (high - low) * (position - index);
}
