import { ResamplePacker } from "../statistics/packed-resamples.ts";
import { seededBits } from "../statistics/random.ts";
import { drawResample, type Strata } from "../statistics/strata.ts";
import type { ClassCounts } from "./confusion-matrix.ts";
import type { ExampleStatistic } from "./example-statistics.ts";
import { KEPT_PLACES, type Ranking, type RankingValues, rankingOfResamples } from "./ranking-statistics.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** Bytes of packed resamples at a time: what a processor's second cache holds … */
const BLOCK_BYTES = 2 ** 21;
/** … or more where the rankings are made again for every block. */
const LARGE_BLOCK_BYTES = 2 ** 26;
const FEWEST_RESAMPLES = 200;
/** Draws of examples that a bootstrap may cost: 2,000 resamples up to 100,000 examples. */
const DRAWS = 2e8;
/** Draws × classes that rankings may cost: 1,000 resamples of 10,000 examples of 200 classes. */
const RANKED_DRAWS = 2e9;

/** How many resamples are drawn, and from which seed. */
export interface BootstrapPlan {
  /** Resamples of every measure but the rankings. */
  readonly resamples: number;
  /** Resamples of ROC AUC and average precision: the first of those. */
  readonly rankingResamples: number;
  readonly seed: number;
}

/**
 * Fewer resamples, but never fewer than 200, where a dataset is so large that its intervals are narrow
 * and its resamples slow.
 */
export function bootstrapPlan(
  examples: number,
  classes: number,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): BootstrapPlan {
  const affordable = (work: number, cost: number): number =>
    Math.min(resamples, Math.max(FEWEST_RESAMPLES, Math.floor(work / Math.max(1, cost))));
  const count = affordable(DRAWS, examples);
  return {
    resamples: count,
    rankingResamples: Math.min(count, affordable(RANKED_DRAWS, examples * classes)),
    seed,
  };
}

/** Every measure's ingredients, a resample each. */
export interface Resamples {
  /** [resamples] */
  readonly counts: readonly ClassCounts[];
  /** A distribution [resamples] for each of the statistics asked for. */
  readonly statistics: readonly Float64Array[];
  /** Distributions [rankingResamples] of each class. */
  readonly rankings: readonly RankingValues[];
}

/** Draws the resamples, stratified by actual class, and reduces each at once. */
export function drawResamples(
  examples: ScoredExamples,
  {
    strata,
    actual,
    statistics,
    rankingOfClass,
    plan,
  }: {
    readonly strata: Strata;
    /** [classes], examples of each class. */
    readonly actual: Float64Array;
    readonly statistics: readonly ExampleStatistic[];
    readonly rankingOfClass: (column: number) => Ranking;
    readonly plan: BootstrapPlan;
  },
): Resamples {
  const size = examples.labels.length;
  const bits = seededBits(plan.seed);
  const weights = new Int32Array(size);
  const counts: ClassCounts[] = [];
  const distributions = statistics.map(() => new Float64Array(plan.resamples));
  const rankings = Array.from(actual, () => ({
    rocAuc: new Float64Array(plan.rankingResamples),
    averagePrecision: new Float64Array(plan.rankingResamples),
  }));
  const bytes = examples.probabilities.data.length > KEPT_PLACES ? LARGE_BLOCK_BYTES : BLOCK_BYTES;
  const packer = new ResamplePacker(size, { resamples: plan.rankingResamples, bytes });
  let ranked = 0;
  for (let resample = 0; resample < plan.resamples; resample++) {
    drawResample(strata, bits, weights);
    counts.push(weightedCounts(examples, actual, weights));
    statistics.forEach((statistic, s) => {
      const distribution = distributions[s];
      if (distribution !== undefined) distribution[resample] = statistic.resampled(weights);
    });
    if (resample >= plan.rankingResamples) continue;
    packer.add(weights);
    if (resample + 1 === plan.rankingResamples || packer.full) {
      const packed = packer.packed();
      rankings.forEach((values, column) => {
        rankingOfResamples(rankingOfClass(column), packed, { ...values, offset: ranked });
      });
      ranked += packed.resamples;
      packer.clear();
    }
  }
  return { counts, statistics: distributions, rankings };
}

function weightedCounts(
  { labels, predicted }: ScoredExamples,
  actual: Float64Array,
  weights: Int32Array,
): ClassCounts {
  const truePositives = new Float64Array(actual.length);
  const predictions = new Float64Array(actual.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0;
    if (weight === 0) continue;
    const label = labels[i] ?? 0;
    const prediction = predicted[i] ?? 0;
    predictions[prediction] = (predictions[prediction] ?? 0) + weight;
    if (label === prediction) truePositives[label] = (truePositives[label] ?? 0) + weight;
  }
  return { truePositives, actual, predicted: predictions };
}
