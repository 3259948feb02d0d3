export { CONTAINER_PATHS } from "./container-paths.ts";
export {
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type ErrorSpec,
  type Fault,
  FieldmarkError,
  type TransferredError,
} from "./errors.ts";
export {
  type ConfusionMatrixByName,
  type EvaluationJson,
  LAB_MEASURES,
  type LabMetrics,
  type MeasureValue,
  type MulticlassMetrics,
  WEIGHTED_MEASURES,
} from "./evaluation-json.ts";
