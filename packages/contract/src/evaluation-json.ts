/** One measure as SageMaker writes it: its value, and its standard deviation or the string "NaN". */
export interface MeasureValue {
  readonly value: number;
  readonly standard_deviation: number | "NaN";
}

/** Measures that the lab's evaluation.json holds, in its order. */
export const LAB_MEASURES = ["accuracy", "precision", "recall", "f1"] as const;

/** Measures that the Model Monitor schema adds. */
export const WEIGHTED_MEASURES = [
  "weighted_precision",
  "weighted_recall",
  "weighted_f0_5",
  "weighted_f1",
  "weighted_f2",
] as const;

type LabMeasure = (typeof LAB_MEASURES)[number];
type WeightedMeasure = (typeof WEIGHTED_MEASURES)[number];
type BaselineMeasure = `${"accuracy" | WeightedMeasure}_best_constant_classifier`;

/** Rows are actual classes, columns predicted ones, both by class name. */
export type ConfusionMatrixByName = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The object of `--profile lab`: exactly the lab's keys. */
export type LabMetrics = Readonly<Record<LabMeasure, MeasureValue>> & {
  readonly confusion_matrix: ConfusionMatrixByName;
};

/** The object of the default profile: the lab's keys, then SageMaker Model Monitor's. */
export type MulticlassMetrics = LabMetrics &
  Readonly<Record<WeightedMeasure | BaselineMeasure, MeasureValue>>;

/** evaluation.json, the file that a SageMaker pipeline's JsonGet and ModelMetrics read. */
export interface EvaluationJson {
  readonly multiclass_classification_metrics: LabMetrics | MulticlassMetrics;
}
