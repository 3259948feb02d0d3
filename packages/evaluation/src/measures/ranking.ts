import { descendingOrder } from "../statistics/descending-order.ts";
import { pairwiseMean, pairwiseSum, weightedMean } from "../statistics/pairwise-sum.ts";
import type { Matrix, ScoredExamples } from "./scored-examples.ts";

/** Counts of positives and negatives at or above each distinct score, from the highest score down. */
interface ScoreCounts {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** One column of the probabilities: [examples]. */
export function classScores({ rows, columns, data }: Matrix, column: number): Float32Array {
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row++) scores[row] = data[row * columns + column] ?? 0;
  return scores;
}

/**
 * Area under the ROC curve of one class against all others, ranked by the class's probability as given.
 *
 * @param scores [examples], finite and not negative
 * @param labels [examples], class indices
 * @param positive index of the class
 * @returns a number in [0, 1]; NaN unless there are examples of the class and of others
 * @see scikit-learn `roc_auc_score(labels == positive, scores)`
 */
export function rocAuc(scores: Float32Array, labels: Int32Array, positive: number): number {
  return areaUnderRoc(scoreCounts(scores, labels, positive));
}

function areaUnderRoc(counts: ScoreCounts): number {
  const { positives, negatives } = corners(counts);
  const [p, n] = [positives.at(-1) ?? 0, negatives.at(-1) ?? 0];
  if (p === 0 || n === 0) return Number.NaN;
  const areas = new Float64Array(positives.length);
  let [lastX, lastY] = [0, 0];
  for (let i = 0; i < areas.length; i++) {
    const [x, y] = [(negatives[i] ?? 0) / n, (positives[i] ?? 0) / p];
    areas[i] = ((x - lastX) * (y + lastY)) / 2;
    [lastX, lastY] = [x, y];
  }
  return pairwiseSum(areas);
}

/**
 * Average precision of one class against all others: Σ (recallₙ − recallₙ₋₁) · precisionₙ, not interpolated.
 *
 * @param scores [examples], finite and not negative
 * @param labels [examples], class indices
 * @param positive index of the class
 * @returns a number in [0, 1]; NaN when there are no examples of the class (scikit-learn gives 0 there)
 * @see scikit-learn `average_precision_score(labels == positive, scores)`
 */
export function averagePrecision(scores: Float32Array, labels: Int32Array, positive: number): number {
  return areaUnderSteps(scoreCounts(scores, labels, positive));
}

function areaUnderSteps({ positives, negatives }: ScoreCounts): number {
  const total = positives.at(-1) ?? 0;
  if (total === 0) return Number.NaN;
  const steps = new Float64Array(positives.length);
  for (let i = 0; i < steps.length; i++) {
    const found = positives[i] ?? 0;
    const before = i === 0 ? 0 : (positives[i - 1] ?? 0);
    // From the lowest score up, because that is the order in which scikit-learn adds.
    steps[steps.length - 1 - i] = (before / total - found / total) * (found / (found + (negatives[i] ?? 0)));
  }
  return Math.max(0, -pairwiseSum(steps));
}

/** ROC AUC and average precision of each class. */
export interface RankingPerClass {
  /** [classes], NaN where undefined. */
  readonly rocAuc: Float64Array;
  /** [classes], NaN where undefined. */
  readonly averagePrecision: Float64Array;
}

/** Both measures of every class against the rest. */
export function rankingPerClass({ probabilities, labels }: ScoredExamples): RankingPerClass {
  const rocAuc = new Float64Array(probabilities.columns);
  const averagePrecision = new Float64Array(probabilities.columns);
  for (let column = 0; column < probabilities.columns; column++) {
    const counts = scoreCounts(classScores(probabilities, column), labels, column);
    rocAuc[column] = areaUnderRoc(counts);
    averagePrecision[column] = areaUnderSteps(counts);
  }
  return { rocAuc, averagePrecision };
}

/**
 * Mean over the classes whose value is defined, plain or weighted by support.
 * @param values  [classes], NaN where undefined
 * @param support [classes]
 * @returns NaN when no value is defined
 */
export function meanOfDefined(
  values: Float64Array,
  support: Float64Array,
  average: "macro" | "weighted",
): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  if (average === "macro") return pairwiseMean(defined);
  return weightedMean(
    defined,
    support.filter((_, index) => !Number.isNaN(values[index])),
  );
}

function scoreCounts(scores: Float32Array, labels: Int32Array, positive: number): ScoreCounts {
  const order = descendingOrder(scores);
  const positives = new Float64Array(order.length);
  const negatives = new Float64Array(order.length);
  let size = 0;
  let found = 0;
  for (let i = 0; i < order.length; i++) {
    const index = order[i] ?? 0;
    if (labels[index] === positive) found++;
    if (i + 1 < order.length && scores[order[i + 1] ?? 0] === scores[index]) continue;
    positives[size] = found;
    negatives[size] = i + 1 - found;
    size++;
  }
  return { positives: positives.subarray(0, size), negatives: negatives.subarray(0, size) };
}

/** Without the points where the ROC curve goes straight on in equal steps, as scikit-learn drops them. */
function corners({ positives, negatives }: ScoreCounts): ScoreCounts {
  const bends = (counts: Float64Array, i: number): boolean =>
    (counts[i + 1] ?? 0) - (counts[i] ?? 0) !== (counts[i] ?? 0) - (counts[i - 1] ?? 0);
  const keep = (_: number, i: number): boolean =>
    i === 0 || i === positives.length - 1 || bends(positives, i) || bends(negatives, i);
  return { positives: positives.filter(keep), negatives: negatives.filter(keep) };
}
