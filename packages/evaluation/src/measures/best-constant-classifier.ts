import { accuracy, balancedAccuracy, fBeta, precision, recall } from "./classification.ts";
import type { ClassCounts } from "./confusion-matrix.ts";
import type { BestConstantClassifier } from "./measures.ts";

/**
 * Counts of the classifier that always answers the most frequent class, the lowest index of equals.
 * @param actual [classes], examples of each class
 */
export function constantClassifierCounts(actual: Float64Array): { index: number; counts: ClassCounts } {
  const most = Math.max(0, ...actual);
  const index = actual.indexOf(most);
  const only = (value: number): Float64Array => actual.map((_, c) => (c === index ? value : 0));
  const examples = actual.reduce((sum, support) => sum + support, 0);
  return { index, counts: { truePositives: only(most), actual, predicted: only(examples) } };
}

/** Null when there are no examples. */
export function bestConstantClassifier(
  actual: Float64Array,
  classNames: readonly string[],
): BestConstantClassifier | null {
  if (actual.every((support) => support === 0)) return null;
  const { index, counts } = constantClassifierCounts(actual);
  return {
    index,
    name: classNames[index] ?? "",
    accuracy: accuracy(counts),
    balanced_accuracy: balancedAccuracy(counts),
    precision_weighted: precision(counts, "weighted"),
    recall_weighted: recall(counts, "weighted"),
    f0_5_weighted: fBeta(counts, 0.5, "weighted"),
    f1_weighted: fBeta(counts, 1, "weighted"),
    f2_weighted: fBeta(counts, 2, "weighted"),
  };
}
