export { evaluate } from "./evaluate.ts";
export type {
  EvaluateOptions,
  Evaluation,
  EvaluationEvent,
  EvaluationFiles,
  MeasuredEvaluation,
  MeasuresJson,
  OutputOptions,
} from "./evaluate-options.ts";
export { computeMeasures } from "./measures/compute-measures.ts";
export { MEASURES, type MeasureKey } from "./measures/table.ts";
export { CUB } from "./prepare/cub-dataset.ts";
export { type PrepareCubOptions, type PreparedDataset, prepareCub } from "./prepare/prepare-cub.ts";
export { type RecomputeOptions, recompute } from "./recompute.ts";
export { renderReport } from "./report/render-report.ts";
