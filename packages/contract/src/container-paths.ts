/**
 * Where a processing container finds its work.
 * @see Amazon SageMaker developer guide, "Build your own processing container"
 */
export const CONTAINER_PATHS = {
  input: "/opt/ml/processing/input",
  testImages: "/opt/ml/processing/input/test",
  manifest: "/opt/ml/processing/input/manifest",
  model: "/opt/ml/processing/model",
  evaluation: "/opt/ml/processing/evaluation",
  processingJobConfig: "/opt/ml/config/processingjobconfig.json",
  resourceConfig: "/opt/ml/config/resourceconfig.json",
  exitMessage: "/opt/ml/output/message",
} as const;

/** Names the folder that stands for /opt/ml, where a service has no namespaces to show such a path in. */
export const CONTAINER_PREFIX_VARIABLE = "OPT_ML";
