/** Who has to act on an error: the caller's words, the caller's data, the machine, or the service. */
export type Fault = "usage" | "input" | "environment" | "service";

/** One row of the error table. */
export interface ErrorSpec {
  readonly fault: Fault;
  /** HTTP status when a service answers with it. */
  readonly http: number;
  /** Error code of the AWS API when a service answers with it. */
  readonly aws: string;
  /** What the reader can do about it; one sentence. */
  readonly hint: string;
}

const usage = (hint: string): ErrorSpec => ({ fault: "usage", http: 400, aws: "ValidationException", hint });
const input = (hint: string): ErrorSpec => ({ fault: "input", http: 400, aws: "ValidationException", hint });
const s3 = (aws: string, http: number, hint: string): ErrorSpec => ({ fault: "input", http, aws, hint });
const environment = (hint: string): ErrorSpec => ({
  fault: "environment",
  http: 500,
  aws: "InternalFailure",
  hint,
});

/**
 * Every error that Fieldmark reports on purpose; anything else that is thrown is a bug.
 * The table is walked by a test and printed into docs/errors.md.
 */
export const ERRORS = {
  // Words on the command line
  USAGE: usage("Run the command with --help to see what it takes."),
  OUTPUT_EXISTS: usage("Choose another --output, or empty that folder first."),

  // Files in general
  FILE_NOT_FOUND: input("Check the path."),
  FILE_UNREADABLE: input("Check the file's permissions and that it is what its name says."),
  FILE_TOO_LARGE: input("Use a smaller file, or raise the limit where the command has a flag for it."),

  // Archives
  ARCHIVE_HAZARD: input(
    "Make the archive again from the model's folder alone: `tar czf model.tar.gz -C FOLDER .`",
  ),
  ARCHIVE_BROKEN: input("The archive is damaged or cut short: copy or download it again."),

  // Models
  MODEL_NOT_FOUND: input("Point --model at a SavedModel folder or a model.tar.gz that holds one."),
  MODEL_FORMAT_UNSUPPORTED: input("Export the model as a TensorFlow SavedModel."),
  MODEL_BROKEN: input("Save or export the model again; the file is damaged or not what its name says."),
  MODEL_OP_UNSUPPORTED: input(
    "Remove these ops from the exported signature, or open an issue that names them.",
  ),
  MODEL_RANDOM: input("Export the model for inference: augmentation layers off, training=False."),
  MODEL_SIGNATURE: input("Choose one of the model's signatures with --signature."),
  MODEL_OUTPUT: input("Choose the output that holds class scores with --output-name."),
  MODEL_INPUT: input("Give tensors of the names, dtypes and shapes that `fieldmark model show` lists."),
  MODEL_RUN: input(
    "The model failed on this input; check the input's values and shape with `fieldmark model show`.",
  ),

  // Tensors
  TENSOR_FILE_BROKEN: input("Write the array again with numpy.save (C order, a plain dtype)."),

  // Pictures
  IMAGE_BROKEN: input("Replace the file, or remove its row."),
  IMAGE_UNSUPPORTED: input("Convert the file to JPEG or PNG."),
  IMAGE_TOO_LARGE: input("Shrink the picture, or raise the pixel limit."),
  PREPROCESSING_INVALID: input("Run `fieldmark preprocess --help` for the recipes, filters and ranges."),

  // Datasets and predictions
  DATASET_EMPTY: input("Check the annotations' path and its image column."),
  DATASET_INVALID: input(
    "Correct the rows that are named, then run again; nothing was evaluated or written.",
  ),
  CLASSES_MISMATCH: input("Give the class names in the model's order with --labels."),
  PREDICTIONS_INVALID: input("Give a predictions.csv or .parquet with the columns of docs/formats.md."),
  RESUME_MISMATCH: input(
    "Run without --resume, or with the model, recipe and dataset of the interrupted run.",
  ),
  LENGTH_MISMATCH: input("Give arrays of equal lengths."),
  SHARES_MISMATCH: input(
    "Merge the shares of one evaluation, each once: of one model, recipe, annotations and number of shares.",
  ),
  SHARES_INCOMPLETE: input(
    "Run each missing share alone (`fieldmark evaluate --share 2/3 …`), then `fieldmark report merge` all of them.",
  ),
  SHARE_LOST: environment(
    "Run the lost share alone (`fieldmark evaluate --share 2/3 …`), then `fieldmark report merge` all of them.",
  ),
  JSON_INVALID: input("Correct the JSON at the place that is named."),
  CHECKSUM_MISMATCH: input("Download the file again; it is not the published one."),

  // Processing jobs
  JOB_EXISTS: {
    fault: "input",
    http: 400,
    aws: "ResourceInUse",
    hint: "Choose another name, or delete the finished job of this name.",
  },
  JOB_NOT_FOUND: {
    fault: "input",
    http: 400,
    aws: "ResourceNotFound",
    hint: "List the jobs with `fieldmark jobs list`.",
  },
  JOB_NOT_FINISHED: {
    fault: "input",
    http: 400,
    aws: "ResourceInUse",
    hint: "Stop the job and wait for its end, then delete it.",
  },
  JOB_TOO_LARGE: {
    fault: "input",
    http: 400,
    aws: "ResourceLimitExceeded",
    hint: "Ask for fewer instances, or start the service with a higher --max-instances.",
  },
  TAGS_TOO_MANY: {
    fault: "input",
    http: 400,
    aws: "ResourceLimitExceeded",
    hint: "Delete tags that you do not need.",
  },
  POSITION_INVALID: input("Give the NextToken that the last answer of the same list held, unchanged."),
  LEASE_LOST: {
    fault: "service",
    http: 500,
    aws: "InternalFailure",
    hint: "Another service works on this job; give each service a data folder of its own.",
  },
  MOVE_REFUSED: {
    fault: "service",
    http: 500,
    aws: "InternalFailure",
    hint: "This is a defect of the controller; please report it with the service's log.",
  },
  STORE_TOO_NEW: environment("Start the version of Fieldmark that wrote this data folder, or a newer one."),

  // The service
  VALIDATION: input("Correct the member that is named."),
  LISTEN_FAILED: environment("Choose another address with --listen, or stop what listens there."),
  DATA_IN_USE: environment("Stop that service, or choose another folder with --data."),
  DATA_BROKEN: environment("Restore the file from a backup, or choose another folder with --data."),

  // Clients of the service
  SERVICE_UNREACHABLE: environment(
    "Start it with `fieldmark serve`, or name another one with --endpoint or AWS_ENDPOINT_URL.",
  ),
  SERVICE_REFUSED: input("Correct what the service names, then send the request again."),
  CREDENTIALS_MISSING: environment(
    'Run `eval "$(fieldmark env)"`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  ),
  REQUEST_INVALID: input("Correct the option that is named."),
  JOB_FAILED: input("Read what it printed with `fieldmark jobs logs NAME`."),
  REPORT_MISSING: input("Look at the job's outputs with `fieldmark jobs describe NAME`."),

  // Inputs and outputs of jobs
  INPUT_NOT_FOUND: input("Check the S3Uri: list it with `fieldmark s3 ls`."),
  INPUT_MANIFEST: input(
    'Write the manifest as SageMaker documents it: [{"prefix": "s3://bucket/folder/"}, "key", "key"].',
  ),
  INPUT_KEY: input(
    "Rename the object, or choose a prefix without it: its key cannot be a file of the input.",
  ),
  INPUT_NOT_GZIP: input("Compress the objects with gzip, or set the input's S3CompressionType to None."),
  OUTPUT_FAILED: input("Check the output's S3Uri and that the program leaves its files readable."),
  OUTPUT_HAZARD: input(
    "Let the program leave files and folders alone in its outputs, no more than its volume holds.",
  ),

  // Objects
  BUCKET_NOT_FOUND: s3("NoSuchBucket", 404, "Check the bucket's name, or create it."),
  BUCKET_NOT_EMPTY: s3("BucketNotEmpty", 409, "Delete the bucket's objects first."),
  BUCKET_NAME_INVALID: s3("InvalidBucketName", 400, "Choose 3–63 of a–z, 0–9 and hyphens, as S3 demands."),
  OBJECT_NOT_FOUND: s3("NoSuchKey", 404, "Check the key; list its prefix to see what is there."),
  KEY_INVALID: s3("InvalidArgument", 400, "Choose a key of 1–1,024 bytes of UTF-8 without NUL."),
  KEY_TOO_LONG: s3("KeyTooLongError", 400, "Choose a key of at most 1,024 bytes of UTF-8."),
  PRECONDITION_FAILED: s3("PreconditionFailed", 412, "Read the object again: it is not the one expected."),
  RANGE_INVALID: s3("InvalidRange", 416, "Ask for bytes that the object has."),
  UPLOAD_NOT_FOUND: s3("NoSuchUpload", 404, "Start the upload again; this one was completed or aborted."),
  PART_INVALID: s3("InvalidPart", 400, "Name parts that were uploaded, by the etags that were answered."),
  PART_ORDER_INVALID: s3("InvalidPartOrder", 400, "Name the parts in ascending order of their numbers."),
  PART_TOO_SMALL: s3("EntityTooSmall", 400, "Make every part but the last at least 5 MiB."),
  STORE_REFUSED: {
    fault: "environment",
    http: 502,
    aws: "InternalError",
    hint: "Check the endpoint, the credentials and their permissions on the bucket.",
  },

  // Logs
  LOG_GROUP_NOT_FOUND: {
    fault: "input",
    http: 400,
    aws: "ResourceNotFoundException",
    hint: "List the groups with DescribeLogGroups; that of processing jobs appears with the first job.",
  },
  LOG_STREAM_NOT_FOUND: {
    fault: "input",
    http: 400,
    aws: "ResourceNotFoundException",
    hint: "List the streams with DescribeLogStreams; a job's appear when its instances start.",
  },
  LOG_EXISTS: {
    fault: "input",
    http: 400,
    aws: "ResourceAlreadyExistsException",
    hint: "Use the one that is there, or choose another name.",
  },
  LOG_PARAMETER: {
    fault: "input",
    http: 400,
    aws: "InvalidParameterException",
    hint: "Correct the parameter that is named.",
  },

  // Programs in a container
  NOT_IN_A_JOB: environment(
    "Run the program as a processing job (`fieldmark jobs run`), or set OPT_ML to a folder with the files of /opt/ml.",
  ),
  JOB_PART_MISSING: input(
    "Give the job the input or output that is named, or correct the name in the program.",
  ),

  // Environments and runtimes
  IMAGE_UNKNOWN: input(
    "Do what the message says, then run the job again; docs/runtimes.md has more on images.",
  ),
  IMAGE_DENIED: input(
    "Log in with `docker login` as the user that the service runs as, then run the job again.",
  ),
  IMAGE_FAILED: environment("Mend what is named, then run the job again."),
  IMAGE_BUILD_FAILED: environment(
    "Read the last lines of the build that are shown, mend what they name, and build again.",
  ),
  BUILDKIT_MISSING: environment(
    "Install the buildx plugin: `docker-buildx-plugin` from Docker's packages, `docker-buildx` from Debian's or Ubuntu's.",
  ),
  ALIAS_UNKNOWN: input("See `fieldmark images list`."),
  ENTRYPOINT_MISSING: input("Name the program in AppSpecification.ContainerEntrypoint."),
  ENVIRONMENT_UNKNOWN: input("See `fieldmark environments list`."),
  PYTHON_UNUSABLE: input("Give the path of a Python 3.8 or newer, or of one in a virtual environment."),
  RUNTIME_REFUSED: environment("Run `fieldmark doctor`: it says what this machine lacks and how to get it."),
  ENTRYPOINT_FAILED: input(
    "Check ContainerEntrypoint, and that the image holds this program and it may be executed.",
  ),
  DOCKER_SETTINGS: environment("Correct DOCKER_HOST, DOCKER_CONTEXT or the file that is named."),
  DOCKER_UNREACHABLE: environment("Start Docker, or start the service with --runtime process."),
  JOBS_UNREACHABLE: environment(
    "For containers on another machine listen on an address that it reaches (--listen); else free the port.",
  ),
  DOCKER_FAILED: environment("Mend what the daemon names; its own log may say more."),

  // The machine
  DOWNLOAD_FAILED: environment("Check the network and run the command again; it resumes where it stopped."),
  DISK: environment("Free some space or choose another folder, then run again."),
  CACHE_UNUSABLE: environment(
    "Check that the cache folder is writable, or set FIELDMARK_CACHE to one that is.",
  ),
  RUNTIME_UNAVAILABLE: environment(
    "Reinstall with `npm ci` on a platform that onnxruntime-node and sharp support.",
  ),
  INTERRUPTED: environment("Run it again; `fieldmark evaluate --resume` goes on from the finished rows."),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** Fields that say where an error stands; plain values, safe to print as JSON. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * An error that somebody can act on. `message` says which file or field, what was found and what was
 * expected; the hint of its code says what to do.
 */
export class FieldmarkError extends Error {
  override readonly name = "FieldmarkError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  get fault(): Fault {
    return ERRORS[this.code].fault;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  /** A copy that survives structured cloning between threads; `fromTransfer` reads it back. */
  toTransfer(): TransferredError {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromTransfer(error: TransferredError): FieldmarkError {
    return new FieldmarkError(error.code, error.message, error.details);
  }
}

export interface TransferredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}
