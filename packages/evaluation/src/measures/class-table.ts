import { type MeasureText, share, skLearn } from "./table.ts";

/** A measure of one class against the rest. */
export interface ClassMeasureSpec extends MeasureText {
  readonly interval: "wilson" | "bca";
}

/** Every measure of a class in measures.json. All are null for a class in neither labels nor predictions. */
export const CLASS_MEASURES = {
  precision: {
    ...share,
    interval: "wilson",
    title: "Precision",
    definition:
      "Of the examples predicted as the class, the share that are of it; 0, without an interval, when there are none.",
    source: skLearn("precision_score(average=None, zero_division=0)"),
  },
  recall: {
    ...share,
    interval: "wilson",
    title: "Recall",
    definition:
      "Of the examples of the class, the share predicted as it; 0, without an interval, when there are none.",
    source: skLearn("recall_score(average=None, zero_division=0)"),
  },
  f1: {
    ...share,
    interval: "bca",
    title: "F1",
    definition: "Harmonic mean of precision and recall.",
    source: skLearn("f1_score(average=None, zero_division=0)"),
  },
  f0_5: {
    ...share,
    interval: "bca",
    title: "F0.5",
    definition: "Weighted harmonic mean that favours precision.",
    source: skLearn("fbeta_score(beta=0.5, average=None, zero_division=0)"),
  },
  f2: {
    ...share,
    interval: "bca",
    title: "F2",
    definition: "Weighted harmonic mean that favours recall.",
    source: skLearn("fbeta_score(beta=2, average=None, zero_division=0)"),
  },
  roc_auc: {
    ...share,
    interval: "bca",
    title: "ROC AUC",
    definition:
      "Probability that an example of the class gets a higher probability of it than another example, ties counted half. Null unless there are examples of the class and of others.",
    source: skLearn("roc_auc_score(labels == class, probabilities[:, class])"),
  },
  average_precision: {
    ...share,
    interval: "bca",
    title: "Average precision",
    definition: "Mean precision at the ranks of the class's examples. Null when the class has no examples.",
    source: skLearn("average_precision_score(labels == class, probabilities[:, class])"),
  },
} as const satisfies Record<string, ClassMeasureSpec>;

export type ClassMeasureKey = keyof typeof CLASS_MEASURES;
