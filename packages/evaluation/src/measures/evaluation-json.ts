import {
  type ConfusionMatrixByName,
  type EvaluationJson,
  LAB_MEASURES,
  type MeasureValue,
  type MulticlassMetrics,
  WEIGHTED_MEASURES,
} from "@fieldmark/contract";
import { sampleWithoutReplacement, seededBits } from "../statistics/random.ts";
import { constantClassifierCounts } from "./best-constant-classifier.ts";
import { classKeys } from "./class-keys.ts";
import { accuracy, fBeta, precision, recall } from "./classification.ts";
import { type ClassCounts, type ConfusionMatrix, classCounts, confusionMatrix } from "./confusion-matrix.ts";
import type { ScoredExamples } from "./scored-examples.ts";

/** Options of `evaluationJson`. */
export interface EvaluationJsonOptions {
  /**
   * `lab` gives exactly the lab's keys with its values; `default` adds SageMaker Model Monitor's
   * `weighted_*` and `*_best_constant_classifier`, and standard deviations from 200 examples on.
   */
  readonly profile?: "default" | "lab";
  /** Seed of the samples behind the standard deviations, a whole number. Default 1. */
  readonly seed?: number;
}

type LabMeasure = (typeof LAB_MEASURES)[number];
type WeightedMeasure = (typeof WEIGHTED_MEASURES)[number];

/** Micro averages, as in the lab: all four are the accuracy. */
const LAB_VALUES: Readonly<Record<LabMeasure, (counts: ClassCounts) => number>> = {
  accuracy,
  precision: (counts) => precision(counts, "micro"),
  recall: (counts) => recall(counts, "micro"),
  f1: (counts) => fBeta(counts, 1, "micro"),
};

const WEIGHTED_VALUES: Readonly<Record<WeightedMeasure, (counts: ClassCounts) => number>> = {
  weighted_precision: (counts) => precision(counts, "weighted"),
  weighted_recall: (counts) => recall(counts, "weighted"),
  weighted_f0_5: (counts) => fBeta(counts, 0.5, "weighted"),
  weighted_f1: (counts) => fBeta(counts, 1, "weighted"),
  weighted_f2: (counts) => fBeta(counts, 2, "weighted"),
};

const SAMPLES = 5;
const SAMPLE_SHARE = 0.8;
const FEWEST_EXAMPLES = 200;

/**
 * The value of evaluation.json, which a SageMaker pipeline's JsonGet and ModelMetrics read.
 * From 200 examples on, `standard_deviation` is the sample standard deviation (divisor 4) over five seeded
 * random samples of 80 % of the examples, drawn without replacement; below, and in the lab's profile
 * always, it is the string "NaN". Class names that occur twice get their index added.
 * Without examples every value is 0.
 *
 * @see `evaluationJsonText` for the file's text: an object cannot keep the order of class names such as "10"
 */
export function evaluationJson(
  examples: ScoredExamples,
  options: EvaluationJsonOptions = {},
): EvaluationJson {
  const { profile = "default", seed = 1 } = options;
  const matrix = confusionMatrix(examples.labels, examples.predicted, examples.classNames.length);
  const confusion_matrix = confusionMatrixByName(matrix, classKeys(examples.classNames));
  const counts = classCounts(matrix);
  const samples = profile === "lab" ? [] : sampledCounts(examples, seed);
  const entry = (of: (counts: ClassCounts) => number, among = (all: ClassCounts) => all): MeasureValue => ({
    value: of(among(counts)) || 0,
    standard_deviation: sampleDeviation(samples.map((sample) => of(among(sample)))),
  });
  const constant = ({ actual }: ClassCounts): ClassCounts => constantClassifierCounts(actual).counts;
  const lab = {
    ...record(LAB_MEASURES, (key) => entry(LAB_VALUES[key])),
    confusion_matrix,
  };
  if (profile === "lab") return { multiclass_classification_metrics: lab };
  const metrics: MulticlassMetrics = {
    ...lab,
    ...record(WEIGHTED_MEASURES, (key) => entry(WEIGHTED_VALUES[key])),
    accuracy_best_constant_classifier: entry(accuracy, constant),
    weighted_precision_best_constant_classifier: entry(WEIGHTED_VALUES.weighted_precision, constant),
    weighted_recall_best_constant_classifier: entry(WEIGHTED_VALUES.weighted_recall, constant),
    weighted_f0_5_best_constant_classifier: entry(WEIGHTED_VALUES.weighted_f0_5, constant),
    weighted_f1_best_constant_classifier: entry(WEIGHTED_VALUES.weighted_f1, constant),
    weighted_f2_best_constant_classifier: entry(WEIGHTED_VALUES.weighted_f2, constant),
  };
  return { multiclass_classification_metrics: metrics };
}

/**
 * The text of evaluation.json. Rows and columns of the confusion matrix stand in the order of the classes
 * whatever their names are ("10" before "9" would not survive in an object).
 */
export function evaluationJsonText(examples: ScoredExamples, options: EvaluationJsonOptions = {}): string {
  const { multiclass_classification_metrics: metrics } = evaluationJson(examples, options);
  const keys = classKeys(examples.classNames).map((key) => JSON.stringify(key));
  const { classes, counts } = confusionMatrix(
    examples.labels,
    examples.predicted,
    examples.classNames.length,
  );
  const rows = keys.map((key, row) => {
    const cells = keys.map((column, index) => `${column}: ${counts[row * classes + index]}`);
    return `      ${key}: {${cells.join(", ")}}`;
  });
  const entries = Object.entries(metrics).map(([key, value]) =>
    key === "confusion_matrix"
      ? `    "confusion_matrix": {\n${rows.join(",\n")}\n    }`
      : `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{\n  "multiclass_classification_metrics": {\n${entries.join(",\n")}\n  }\n}\n`;
}

function record<Key extends string, Value>(
  keys: readonly Key[],
  of: (key: Key) => Value,
): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<Key, Value>;
}

/** `Object.fromEntries` defines own properties, so a class named `__proto__` is a key like any other. */
function confusionMatrixByName(
  { classes, counts }: ConfusionMatrix,
  keys: readonly string[],
): ConfusionMatrixByName {
  return Object.fromEntries(
    keys.map((key, row) => [
      key,
      Object.fromEntries(keys.map((name, column) => [name, counts[row * classes + column] ?? 0])),
    ]),
  );
}

/** Counts of the five samples; none below 200 examples. */
function sampledCounts({ labels, predicted, classNames }: ScoredExamples, seed: number): ClassCounts[] {
  if (labels.length < FEWEST_EXAMPLES) return [];
  const bits = seededBits(seed);
  return Array.from({ length: SAMPLES }, () => {
    const sample = sampleWithoutReplacement(bits, labels.length, Math.floor(labels.length * SAMPLE_SHARE));
    const of = (values: Int32Array): Int32Array => sample.map((index) => values[index] ?? 0);
    return classCounts(confusionMatrix(of(labels), of(predicted), classNames.length));
  });
}

function sampleDeviation(values: readonly number[]): number | "NaN" {
  if (values.length === 0) return "NaN";
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
