export type {
  ClassNameSource,
  Dataset,
  DatasetOptions,
  Example,
  LabelForm,
  ModelClasses,
} from "./dataset/dataset.ts";
export { readDataset } from "./dataset/read-dataset.ts";
export { evaluate, evaluateShare } from "./evaluate.ts";
export type {
  EvaluateOptions,
  EvaluateShareOptions,
  Evaluation,
  EvaluationEvent,
  EvaluationFiles,
  MeasuredEvaluation,
  MeasuresJson,
  OutputOptions,
  ShareEnd,
  ShareExchange,
  SharePlace,
} from "./evaluate-options.ts";
export { cohenKappa, matthewsCorrelation } from "./measures/agreement.ts";
export { bestConstantClassifier } from "./measures/best-constant-classifier.ts";
export { expectedCalibrationError, type ReliabilityBin, reliabilityBins } from "./measures/calibration.ts";
export { CLASS_MEASURES, type ClassMeasureKey } from "./measures/class-table.ts";
export {
  type Average,
  accuracy,
  balancedAccuracy,
  balancedAccuracyAdjusted,
  fBeta,
  precision,
  precisionPerClass,
  recall,
  recallPerClass,
} from "./measures/classification.ts";
export { computeMeasures, type MeasureOptions } from "./measures/compute-measures.ts";
export {
  type ClassCounts,
  type ConfusionMatrix,
  classCounts,
  confusionMatrix,
  mostConfused,
} from "./measures/confusion-matrix.ts";
export { evaluationJson } from "./measures/evaluation-json.ts";
export type { BestConstantClassifier, ClassMeasures, Estimate, Measures } from "./measures/measures.ts";
export { brierScore, logLoss } from "./measures/probability-losses.ts";
export { averagePrecision, rankingPerClass, rocAuc } from "./measures/ranking.ts";
export {
  areaUnderRiskCoverage,
  type RiskCoveragePoint,
  riskCoverageCurve,
} from "./measures/risk-coverage.ts";
export { type Matrix, type ScoredExamples, scoreExamples } from "./measures/scored-examples.ts";
export { MEASURES, type MeasureKey } from "./measures/table.ts";
export { topKAccuracy } from "./measures/top-k.ts";
export { type MergeReportOptions, mergeReport } from "./merge-report.ts";
export { type Predictions, withPredicted } from "./predictions/predictions.ts";
export { readPredictions } from "./predictions/read-predictions.ts";
export { CUB } from "./prepare/cub-dataset.ts";
export { type PrepareCubOptions, type PreparedDataset, prepareCub } from "./prepare/prepare-cub.ts";
export { type RecomputeOptions, recompute } from "./recompute.ts";
export { renderReport } from "./report/render-report.ts";
export { reportPictures } from "./report/report-pictures.ts";
export { thumbnail } from "./report/thumbnail.ts";
export type { OfRow, Share } from "./shares/share.ts";
export { SHARES_FOLDER } from "./shares/share-file.ts";
export { type ShareNumber, shareText } from "./shares/share-rows.ts";
export type { Interval } from "./statistics/interval.ts";
export { wilsonInterval } from "./statistics/wilson.ts";
