import { cohenKappa, cohenKappaOfMargins, matthewsCorrelation } from "./agreement.ts";
import { expectedCalibrationError } from "./calibration.ts";
import {
  type Average,
  accuracy,
  balancedAccuracy,
  balancedAccuracyAdjusted,
  fBeta,
  precision,
  recall,
} from "./classification.ts";
import type { ClassCounts } from "./confusion-matrix.ts";
import {
  calibrationStatistic,
  type ExampleStatistic,
  meanStatistic,
  riskCoverageStatistic,
} from "./example-statistics.ts";
import { brierLosses, brierScore, logLoss, logLosses } from "./probability-losses.ts";
import { areaUnderRiskCoverage } from "./risk-coverage.ts";
import type { ScoredExamples } from "./scored-examples.ts";
import { topKAccuracy } from "./top-k.ts";

/** What every measure says of itself. */
export interface MeasureText {
  readonly title: string;
  /** Whether more of it is better. */
  readonly direction: "higher" | "lower";
  /** Least and greatest value; a log loss is bounded by the clipping. */
  readonly range: readonly [number, number];
  /** What it is, in a sentence. */
  readonly definition: string;
  /** Whose definition it is. */
  readonly source: string;
}

/** A share of examples; Wilson interval. */
interface Proportion {
  readonly from: "proportion";
  readonly interval: "wilson";
  readonly value: (subject: MeasureSubject) => number;
}

/** A function of the confusion matrix's diagonal and margins; bootstrap interval. */
interface FromCounts {
  readonly from: "counts";
  readonly interval: "bca";
  readonly value: (counts: ClassCounts) => number;
  /** A faster form for resamples, equal up to rounding; `value` when absent. */
  readonly resampled?: (counts: ClassCounts) => number;
}

/** A function of the probabilities, example by example; bootstrap interval. */
interface FromExamples {
  readonly from: "examples";
  readonly interval: "bca";
  readonly value: (examples: ScoredExamples) => number;
  readonly statistic: (examples: ScoredExamples) => ExampleStatistic;
}

/** A mean over the classes of a one-against-the-rest ranking; bootstrap interval. */
interface FromRanking {
  readonly from: "ranking";
  readonly interval: "bca";
  readonly measure: "rocAuc" | "averagePrecision";
  readonly average: "macro" | "weighted";
}

export type MeasureSpec = MeasureText & (Proportion | FromCounts | FromExamples | FromRanking);

/** What a proportion is computed from. */
interface MeasureSubject {
  readonly examples: ScoredExamples;
  readonly counts: ClassCounts;
}

/** What most measures are: a share, the more the better. */
export const share = { direction: "higher", range: [0, 1] } as const;
export const skLearn = (call: string): string => `scikit-learn \`${call}\``;

const topK = (k: number) =>
  ({
    ...share,
    from: "proportion",
    interval: "wilson",
    title: `Top-${k} accuracy`,
    definition: `Share of examples whose true class is among the ${k === 1 ? "" : `${k} `}most probable; of equal probabilities the higher class index ranks first.${k === 1 ? "" : ` Null with fewer than ${k} classes.`}`,
    source: skLearn(`top_k_accuracy_score(k=${k})`),
    value: ({ examples: { probabilities, labels } }) =>
      k > probabilities.columns ? Number.NaN : topKAccuracy(probabilities, labels, k),
  }) as const satisfies MeasureSpec;

const AVERAGED = {
  micro: "of all classes' counts together; with one label an example it equals the accuracy",
  macro: "mean over the classes that occur in labels or predictions",
  macro_all_classes: "mean over every class of the model, an absent one counted as 0",
  weighted: "mean over the classes weighted by their support",
} as const satisfies Record<Average, string>;

const TITLES = {
  micro: "micro",
  macro: "macro",
  macro_all_classes: "macro over all classes",
  weighted: "weighted",
} as const satisfies Record<Average, string>;

type AveragedMeasure = (counts: ClassCounts, average: Average) => number;
const f =
  (beta: number): AveragedMeasure =>
  (counts, average) =>
    fBeta(counts, beta, average);

const text = (name: string, call: string, average: Average) => ({
  ...share,
  title: `${name}, ${TITLES[average]}`,
  definition: `${name}: ${AVERAGED[average]}; 0 where a class's denominator is 0.`,
  source:
    average === "macro_all_classes"
      ? skLearn(`${call}labels=range(classes), average="macro", zero_division=0)`)
      : skLearn(`${call}average="${average}", zero_division=0)`),
});

/** A micro average (or a weighted recall) is the accuracy by another name, so it has its interval. */
const asProportion = (name: string, call: string, [measure, average]: readonly [AveragedMeasure, Average]) =>
  ({
    ...text(name, call, average),
    from: "proportion",
    interval: "wilson",
    value: ({ counts }) => measure(counts, average),
  }) as const satisfies MeasureSpec;

const asCounts = (name: string, call: string, [measure, average]: readonly [AveragedMeasure, Average]) =>
  ({
    ...text(name, call, average),
    from: "counts",
    interval: "bca",
    value: (counts) => measure(counts, average),
  }) as const satisfies MeasureSpec;

const ranking = (
  [title, measure]: readonly [string, FromRanking["measure"]],
  average: "macro" | "weighted",
  source: string,
) =>
  ({
    ...share,
    from: "ranking",
    interval: "bca",
    title: `${title}, ${average}`,
    definition: `${title} of each class against the rest, ranked by the class's probability: ${average === "macro" ? "mean" : "mean weighted by support"} over the classes where it is defined.`,
    source,
    measure,
    average,
  }) as const satisfies MeasureSpec;

/** Every overall measure of measures.json, in its order. Undefined values are NaN here and null there. */
export const MEASURES = {
  accuracy: {
    ...share,
    from: "proportion",
    interval: "wilson",
    title: "Accuracy",
    definition:
      "Share of examples whose predicted class is their class; of equal probabilities the lowest class index is predicted.",
    source: skLearn("accuracy_score"),
    value: ({ counts }) => accuracy(counts),
  },
  balanced_accuracy: {
    ...share,
    from: "counts",
    interval: "bca",
    title: "Balanced accuracy",
    definition: "Mean recall of the classes that have examples.",
    source: skLearn("balanced_accuracy_score"),
    value: balancedAccuracy,
  },
  balanced_accuracy_adjusted: {
    direction: "higher",
    range: [-1, 1],
    from: "counts",
    interval: "bca",
    title: "Balanced accuracy, adjusted",
    definition:
      "Balanced accuracy on a scale where guessing gives 0 and perfection 1. Null with fewer than two classes in the labels.",
    source: skLearn("balanced_accuracy_score(adjusted=True)"),
    value: balancedAccuracyAdjusted,
  },
  top_1_accuracy: topK(1),
  top_2_accuracy: topK(2),
  top_3_accuracy: topK(3),
  top_4_accuracy: topK(4),
  top_5_accuracy: topK(5),
  precision_micro: asProportion("Precision", "precision_score(", [precision, "micro"]),
  precision_macro: asCounts("Precision", "precision_score(", [precision, "macro"]),
  precision_macro_all_classes: asCounts("Precision", "precision_score(", [precision, "macro_all_classes"]),
  precision_weighted: asCounts("Precision", "precision_score(", [precision, "weighted"]),
  recall_micro: asProportion("Recall", "recall_score(", [recall, "micro"]),
  recall_macro: asCounts("Recall", "recall_score(", [recall, "macro"]),
  recall_macro_all_classes: asCounts("Recall", "recall_score(", [recall, "macro_all_classes"]),
  recall_weighted: asProportion("Recall", "recall_score(", [recall, "weighted"]),
  f1_micro: asProportion("F1", "f1_score(", [f(1), "micro"]),
  f1_macro: asCounts("F1", "f1_score(", [f(1), "macro"]),
  f1_macro_all_classes: asCounts("F1", "f1_score(", [f(1), "macro_all_classes"]),
  f1_weighted: asCounts("F1", "f1_score(", [f(1), "weighted"]),
  f0_5_micro: asProportion("F0.5", "fbeta_score(beta=0.5, ", [f(0.5), "micro"]),
  f0_5_macro: asCounts("F0.5", "fbeta_score(beta=0.5, ", [f(0.5), "macro"]),
  f0_5_macro_all_classes: asCounts("F0.5", "fbeta_score(beta=0.5, ", [f(0.5), "macro_all_classes"]),
  f0_5_weighted: asCounts("F0.5", "fbeta_score(beta=0.5, ", [f(0.5), "weighted"]),
  f2_micro: asProportion("F2", "fbeta_score(beta=2, ", [f(2), "micro"]),
  f2_macro: asCounts("F2", "fbeta_score(beta=2, ", [f(2), "macro"]),
  f2_macro_all_classes: asCounts("F2", "fbeta_score(beta=2, ", [f(2), "macro_all_classes"]),
  f2_weighted: asCounts("F2", "fbeta_score(beta=2, ", [f(2), "weighted"]),
  cohen_kappa: {
    direction: "higher",
    range: [-1, 1],
    from: "counts",
    interval: "bca",
    title: "Cohen's kappa",
    definition:
      "Agreement of labels and predictions beyond what their class frequencies give by chance. Null when they name one class in all.",
    source: skLearn("cohen_kappa_score"),
    value: cohenKappa,
    resampled: cohenKappaOfMargins,
  },
  matthews_corrcoef: {
    direction: "higher",
    range: [-1, 1],
    from: "counts",
    interval: "bca",
    title: "Matthews correlation",
    definition:
      "Correlation of labels and predictions as indicator vectors; 0 when either names a single class.",
    source: skLearn("matthews_corrcoef"),
    value: matthewsCorrelation,
  },
  log_loss: {
    direction: "lower",
    range: [0, -Math.log(2 ** -52)],
    from: "examples",
    interval: "bca",
    title: "Log loss",
    definition:
      "Mean of −ln of the true class's probability, in nats; rows divided by their sums in float64, probabilities clipped to [2⁻⁵², 1 − 2⁻⁵²].",
    source: `${skLearn("log_loss")} of the float64 rows; given float32 it would clip at 2⁻²³`,
    value: ({ probabilities, labels }) => logLoss(probabilities, labels),
    statistic: ({ probabilities, labels }) => meanStatistic(logLosses(probabilities, labels)),
  },
  brier_score: {
    direction: "lower",
    range: [0, 2],
    from: "examples",
    interval: "bca",
    title: "Brier score",
    definition:
      "Mean squared distance of the probabilities to the true class's unit vector, halved with fewer than three classes; rows divided by their sums in float64.",
    source: `${skLearn('brier_score_loss(scale_by_half="auto")')} of the float64 rows, version 1.7 or newer`,
    value: ({ probabilities, labels }) => brierScore(probabilities, labels),
    statistic: ({ probabilities, labels }) => meanStatistic(brierLosses(probabilities, labels)),
  },
  expected_calibration_error: {
    direction: "lower",
    range: [0, 1],
    from: "examples",
    interval: "bca",
    title: "Expected calibration error",
    definition:
      "Mean over the examples of |accuracy − mean confidence| of their bin: 15 bins of equal width over the predicted class's probability, edges at i/15, a value on an edge in the lower bin; rows divided by their sums in float64.",
    source: "Naeini, Cooper and Hauskrecht (2015); Guo et al. (2017)",
    value: expectedCalibrationError,
    statistic: calibrationStatistic,
  },
  area_under_risk_coverage: {
    direction: "lower",
    range: [0, 1],
    from: "examples",
    interval: "bca",
    title: "Area under the risk–coverage curve",
    definition:
      "Mean over the examples of the error rate among those at least as confident as they are; equally confident examples count together.",
    source: "Geifman and El-Yaniv (2017)",
    value: areaUnderRiskCoverage,
    statistic: riskCoverageStatistic,
  },
  roc_auc_macro: ranking(
    ["ROC AUC", "rocAuc"],
    "macro",
    skLearn('roc_auc_score(multi_class="ovr", average="macro")'),
  ),
  roc_auc_weighted: ranking(
    ["ROC AUC", "rocAuc"],
    "weighted",
    skLearn('roc_auc_score(multi_class="ovr", average="weighted")'),
  ),
  average_precision_macro: ranking(
    ["Average precision", "averagePrecision"],
    "macro",
    skLearn('average_precision_score(average="macro")'),
  ),
  average_precision_weighted: ranking(
    ["Average precision", "averagePrecision"],
    "weighted",
    skLearn('average_precision_score(average="weighted")'),
  ),
} as const satisfies Record<string, MeasureSpec>;

export type MeasureKey = keyof typeof MEASURES;
