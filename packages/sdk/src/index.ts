export { type Framework, type ImageOptions, imageUri } from "./images/image-uri.ts";
export type { LogLine } from "./jobs/job-log-reader.ts";
export { jobName } from "./jobs/job-name.ts";
export type { JobPhase } from "./jobs/job-phases.ts";
export type { JobReport } from "./jobs/job-report.ts";
export { type ListJobsOptions, listJobs } from "./jobs/list-jobs.ts";
export type { NetworkConfig } from "./jobs/network-config.ts";
export type { ProcessingInput } from "./jobs/processing-input.ts";
export { type JobDescription, ProcessingJob, type WaitOptions } from "./jobs/processing-job.ts";
export type { JobOutput, ProcessingOutput } from "./jobs/processing-output.ts";
export type { ProcessorOptions, RunArgs } from "./jobs/start-job.ts";
export {
  EVALUATOR_IMAGE,
  EvaluationProcessor,
  type EvaluationProcessorOptions,
  type EvaluationRunArgs,
} from "./processors/evaluation-processor.ts";
export {
  FrameworkProcessor,
  type FrameworkProcessorOptions,
  type FrameworkRunArgs,
} from "./processors/framework-processor.ts";
export { Processor } from "./processors/processor.ts";
export {
  PySparkProcessor,
  type PySparkProcessorOptions,
  type PySparkRunArgs,
} from "./processors/pyspark-processor.ts";
export { ScriptProcessor, type ScriptRunArgs } from "./processors/script-processor.ts";
export { SKLearnProcessor, type SKLearnProcessorOptions } from "./processors/sklearn-processor.ts";
export { type Credentials, Session, type SessionOptions } from "./session.ts";
export { copyObject, copyObjects } from "./storage/copy-objects.ts";
export { download, downloadObject } from "./storage/download.ts";
export {
  type ListOptions,
  listBuckets,
  listPages,
  objectsBelow,
  type S3Bucket,
  type S3Object,
  type S3Page,
} from "./storage/objects.ts";
export { isS3Uri, joinS3Uri, parseS3Uri, type S3Location } from "./storage/s3-uri.ts";
export type { TransferOptions, TransferProgress } from "./storage/transfer-progress.ts";
export { upload, uploadFile } from "./storage/upload.ts";
