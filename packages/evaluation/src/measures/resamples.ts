import { ResamplePacker } from "../statistics/packed-resamples.ts";
import { seededBits } from "../statistics/random.ts";
import { drawResample, type Strata } from "../statistics/strata.ts";
import type { ClassCounts } from "./confusion-matrix.ts";
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

/** One measure of one resample: how often each example was drawn, and the counts that follow. */
export type Reducer = (weights: Int32Array, counts: ClassCounts) => number;

/** Distributions of the measures and of what the classes' measures are made of. */
export interface Resamples {
  /** [resamples] for each of the reducers. */
  readonly distributions: ReadonlyMap<string, Float64Array>;
  /** [resamples × classes] */
  readonly truePositives: Float64Array;
  /** [resamples × classes], examples predicted as the class. */
  readonly predicted: Float64Array;
  /** [rankingResamples] for each class. */
  readonly rankings: readonly RankingValues[];
}

/** Draws the resamples, stratified by actual class, and reduces each at once. */
export function drawResamples(
  examples: ScoredExamples,
  {
    strata,
    actual,
    reducers,
    rankingOfClass,
    plan,
  }: {
    readonly strata: Strata;
    /** [classes], examples of each class. */
    readonly actual: Float64Array;
    readonly reducers: ReadonlyMap<string, Reducer>;
    readonly rankingOfClass: (column: number) => Ranking;
    readonly plan: BootstrapPlan;
  },
): Resamples {
  const size = examples.labels.length;
  const classes = actual.length;
  const bits = seededBits(plan.seed);
  const weights = new Int32Array(size);
  const counts: ClassCounts = {
    truePositives: new Float64Array(classes),
    actual,
    predicted: new Float64Array(classes),
  };
  const reduced = [...reducers].map(([key, reduce]) => ({
    key,
    reduce,
    distribution: new Float64Array(plan.resamples),
  }));
  const truePositives = new Float64Array(plan.resamples * classes);
  const predicted = new Float64Array(plan.resamples * classes);
  const rankings = Array.from(actual, () => ({
    rocAuc: new Float64Array(plan.rankingResamples),
    averagePrecision: new Float64Array(plan.rankingResamples),
  }));
  const bytes = examples.probabilities.data.length > KEPT_PLACES ? LARGE_BLOCK_BYTES : BLOCK_BYTES;
  const packer = new ResamplePacker(size, { resamples: plan.rankingResamples, bytes });
  let ranked = 0;
  for (let resample = 0; resample < plan.resamples; resample++) {
    drawResample(strata, bits, weights);
    countWeights(examples, weights, counts);
    truePositives.set(counts.truePositives, resample * classes);
    predicted.set(counts.predicted, resample * classes);
    for (const { reduce, distribution } of reduced) distribution[resample] = reduce(weights, counts);
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
  const distributions = new Map(reduced.map(({ key, distribution }) => [key, distribution]));
  return { distributions, truePositives, predicted, rankings };
}

/** Writes the diagonal and the column sums of a resample into `counts`; its row sums never change. */
function countWeights({ labels, predicted }: ScoredExamples, weights: Int32Array, counts: ClassCounts): void {
  counts.truePositives.fill(0);
  counts.predicted.fill(0);
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0;
    if (weight === 0) continue;
    const label = labels[i] ?? 0;
    const prediction = predicted[i] ?? 0;
    counts.predicted[prediction] = (counts.predicted[prediction] ?? 0) + weight;
    if (label === prediction) counts.truePositives[label] = (counts.truePositives[label] ?? 0) + weight;
  }
}
