import { pairwiseMean, pairwiseSum } from "../statistics/pairwise-sum.ts";
import type { Matrix } from "./scored-examples.ts";

/** Probabilities are kept this far from 0 and 1: the step of float64 at 1, as in scikit-learn. */
const EPSILON = 2 ** -52;

/**
 * Negative logarithm of the probability given to the true class, in nats, an example each.
 * Rows are divided by their sums in float64, and probabilities clipped to [2⁻⁵², 1 − 2⁻⁵²].
 * @returns [examples]
 */
export function logLosses(probabilities: Matrix, labels: Int32Array): Float64Array {
  const { columns, data } = probabilities;
  return Float64Array.from(labels, (label, row) => {
    const sum = pairwiseSum(data, row * columns, columns);
    const probability = (data[row * columns + label] ?? 0) / sum;
    return -Math.log(Math.min(1 - EPSILON, Math.max(EPSILON, probability)));
  });
}

/**
 * Mean log loss, in nats.
 * @returns a number in [0, 36.05]; NaN when there are no examples
 * @see scikit-learn `log_loss` of float64 rows that sum to 1. (Given float32, it computes in float32 and
 *   clips at 2⁻²³, so that no loss is above 15.9; here a confident mistake keeps its size.)
 */
export function logLoss(probabilities: Matrix, labels: Int32Array): number {
  return pairwiseMean(logLosses(probabilities, labels));
}

/**
 * Squared distance of a row to the true class's unit vector, an example each; rows are divided by their
 * sums in float64. Halved when there are fewer than three classes, as in scikit-learn.
 * @returns [examples], each in [0, 2], or [0, 1] with one or two classes
 */
export function brierLosses(probabilities: Matrix, labels: Int32Array): Float64Array {
  const { columns, data } = probabilities;
  const squares = new Float64Array(columns);
  const scale = columns < 3 ? 0.5 : 1;
  return Float64Array.from(labels, (label, row) => {
    const sum = pairwiseSum(data, row * columns, columns);
    for (let column = 0; column < columns; column++) {
      const target = column === label ? 1 : 0;
      const distance = target - (data[row * columns + column] ?? 0) / sum;
      // Not `** 2`: engines need not round a power as they round a product.
      squares[column] = distance * distance;
    }
    return pairwiseSum(squares) * scale;
  });
}

/**
 * Mean Brier score.
 * @returns a number in [0, 2], or [0, 1] with one or two classes; NaN when there are no examples
 * @see scikit-learn `brier_score_loss(scale_by_half="auto")` of float64 rows that sum to 1
 */
export function brierScore(probabilities: Matrix, labels: Int32Array): number {
  return pairwiseMean(brierLosses(probabilities, labels));
}
