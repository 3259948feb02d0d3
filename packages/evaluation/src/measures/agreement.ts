import { pairwiseSum } from "../statistics/pairwise-sum.ts";
import { occurringClasses } from "./classification.ts";
import type { ClassCounts } from "./confusion-matrix.ts";

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

/**
 * Cohen's kappa: agreement of labels and predictions beyond what their class frequencies give by chance.
 * @returns a number in [−1, 1]; NaN when labels and predictions name one class in all, or there are none
 * @see scikit-learn `cohen_kappa_score`
 */
export function cohenKappa(counts: ClassCounts): number {
  const { truePositives, actual, predicted } = occurringClasses(counts);
  const examples = total(actual);
  const expected = new Float64Array(actual.length ** 2);
  let cell = 0;
  for (let column = 0; column < predicted.length; column++) {
    for (let row = 0; row < actual.length; row++) {
      expected[cell++] = row === column ? 0 : ((predicted[column] ?? 0) * (actual[row] ?? 0)) / examples;
    }
  }
  return 1 - (examples - total(truePositives)) / pairwiseSum(expected);
}

/**
 * Cohen's kappa in time linear in the classes, for resamples; it may differ from `cohenKappa` in the
 * last bits, because it adds in another order.
 */
export function cohenKappaOfMargins({ truePositives, actual, predicted }: ClassCounts): number {
  const examples = total(actual);
  const expected = examples - dot(actual, predicted) / examples;
  return 1 - (examples - total(truePositives)) / expected;
}

/**
 * Matthews correlation coefficient of several classes.
 * @returns a number in [−1, 1]; 0 when labels or predictions name a single class, as scikit-learn has it;
 *   NaN when there are no examples
 * @see scikit-learn `matthews_corrcoef`
 */
export function matthewsCorrelation({ truePositives, actual, predicted }: ClassCounts): number {
  const examples = total(actual);
  if (examples === 0) return Number.NaN;
  const covariance = total(truePositives) * examples - dot(actual, predicted);
  const variances =
    (examples * examples - dot(predicted, predicted)) * (examples * examples - dot(actual, actual));
  return variances === 0 ? 0 : covariance / Math.sqrt(variances);
}
