export { CONTAINER_PATHS, CONTAINER_PREFIX_VARIABLE } from "./container-paths.ts";
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
export {
  type FileSource,
  fileIdentity,
  formatFileSource,
  isFileSource,
  parseFileSource,
} from "./file-source.ts";
export { IMAGE_DIGEST_MEMBER, type JobTransition, TRANSITIONS_MEMBER } from "./job-transition.ts";
export type { IamOperations } from "./shapes/iam.generated.ts";
export type {
  FilteredLogEvent,
  FilterLogEventsRequest,
  InputLogEvent,
  LogGroup,
  LogStream,
  LogsOperations,
  PutLogEventsResponse,
} from "./shapes/logs.generated.ts";
export type {
  CreateProcessingJobRequest,
  DescribeProcessingJobResponse,
  ProcessingInput,
  ProcessingOutput,
  SageMakerOperations,
} from "./shapes/sagemaker.generated.ts";
export type { ServiceModel, Shape } from "./shapes/service-model.ts";
export type { StsOperations } from "./shapes/sts.generated.ts";
export {
  constraintError,
  type InputValidation,
  joinErrors,
  type ModelledService,
  SERVICE_MODELS,
  validateInput,
} from "./shapes/validate-input.ts";
export type { AuthFailure } from "./sigv4/auth-failure.ts";
export type { ChunkSigner, ChunkVerifier, Trailer } from "./sigv4/chunk-signer.ts";
export { type HttpRequestHead, parseQuery, percentDecode, percentEncode } from "./sigv4/http-request-head.ts";
export {
  type Credentials,
  presignRequest,
  presignRequestV2,
  type SignedRequest,
  type SignOptions,
  signRequest,
} from "./sigv4/sign-request.ts";
export type { SignedPayload } from "./sigv4/signed-payload.ts";
export type { CredentialLookup, LookupResult, Verified, VerifyOptions } from "./sigv4/verify-options.ts";
export { verifySignature } from "./sigv4/verify-signature.ts";
