import { FieldmarkError } from "@fieldmark/contract";
import type { Matrix } from "./scored-examples.ts";

/**
 * Rank of each example's true class among its probabilities: 0 for the most probable.
 * Of equal probabilities the higher class index ranks first, as in scikit-learn's
 * `top_k_accuracy_score` (the predicted class is the lower one).
 * @returns [examples]
 */
function trueClassRanks(probabilities: Matrix, labels: Int32Array): Int32Array {
  const { columns, data } = probabilities;
  return labels.map((label, row) => {
    const scores = data.subarray(row * columns, (row + 1) * columns);
    const own = scores[label] ?? 0;
    let rank = 0;
    for (let column = 0; column < columns; column++) {
      const score = scores[column] ?? 0;
      if (score > own || (score === own && column > label)) rank++;
    }
    return rank;
  });
}

/**
 * Share of examples whose true class is among the k most probable.
 *
 * @param probabilities [examples, classes]
 * @param labels        [examples], class indices
 * @param k             1 ≤ k ≤ classes
 * @returns a fraction in [0, 1]; NaN when there are no examples
 * @throws USAGE when k is out of range
 * @see scikit-learn `top_k_accuracy_score`; two classes are ranked like any number of them
 */
export function topKAccuracy(probabilities: Matrix, labels: Int32Array, k: number): number {
  if (!Number.isInteger(k) || k < 1 || k > probabilities.columns) {
    throw new FieldmarkError("USAGE", `top-k accuracy: k is ${k}; expected 1 to ${probabilities.columns}`);
  }
  return trueClassRanks(probabilities, labels).filter((rank) => rank < k).length / labels.length;
}
