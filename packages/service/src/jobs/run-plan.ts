/** One input of a job, as ProcessingInput.S3Input says it. */
export interface Download {
  readonly inputName: string;
  readonly s3Uri: string;
  /** Below /opt/ml/processing/; may lie inside another input's. */
  readonly localPath: string;
  readonly s3DataType: "S3Prefix" | "ManifestFile";
  readonly s3InputMode: "File" | "Pipe";
  readonly s3DataDistributionType: "FullyReplicated" | "ShardedByS3Key";
  readonly s3CompressionType: "None" | "Gzip";
}

/** One output of a job, as ProcessingOutput.S3Output says it. */
export interface Upload {
  readonly outputName: string;
  readonly s3Uri: string;
  /** Below /opt/ml/processing/. */
  readonly localPath: string;
  readonly s3UploadMode: "EndOfJob" | "Continuous";
}

export interface Limits {
  /** bytes of one instance */
  readonly memoryBytes: number;
  /** processors of one instance; may be a fraction */
  readonly cpus: number;
  readonly processes: number;
  /** bytes that one instance may write */
  readonly diskBytes: number;
  /** seconds until the job is stopped */
  readonly maxRuntimeSeconds: number;
}

/**
 * All that a runtime and transfer need to know of a job: one plain JSON value, made by a pure function of the job's
 * record, kept in the job's folder.
 */
export interface RunPlan {
  /** Unique for ever, unlike the name, and sorted by arrival; lower-case letters and digits. */
  readonly jobId: string;
  readonly jobName: string;
  readonly jobArn: string;
  readonly region: string;
  readonly image: string;
  /** null: the image's own */
  readonly entrypoint: readonly string[] | null;
  readonly arguments: readonly string[];
  /** The request's Environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly instanceType: string;
  /** `algo-1` … `algo-N` */
  readonly hosts: readonly string[];
  readonly networkIsolation: boolean;
  readonly downloads: readonly Download[];
  readonly uploads: readonly Upload[];
  readonly limits: Limits;
  /** Contents of /opt/ml/config/processingjobconfig.json. */
  readonly processingJobConfig: unknown;
  /** Name of the log stream of each host, in the order of `hosts`. */
  readonly logStreams: readonly string[];
}
