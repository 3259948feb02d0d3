/** Where a job stands inside `InProgress` and `Stopping`; shown with its seconds by `fieldmark jobs describe`. */
export const PHASES = ["queued", "preparing", "staging", "starting", "running", "uploading", "ended"] as const;
export type Phase = (typeof PHASES)[number];

export type ProcessingJobStatus = "InProgress" | "Completed" | "Failed" | "Stopping" | "Stopped";

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** A job as it is recorded. Times are epoch milliseconds. */
export interface JobRecord {
  /** Unique for ever; sorts by arrival. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  /** The validated CreateProcessingJob request, without Tags. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly instanceCount: number;
  readonly status: ProcessingJobStatus;
  readonly phase: Phase;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly modifiedAt: number;
  /** When somebody asked to stop it, or its time ran out. */
  readonly stopRequestedAt: number | null;
  readonly exitMessage: string | null;
  readonly failureReason: string | null;
  readonly sessionKeys: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string } | null;
}

/** One entry of the append-only list of what became of a job. */
export interface Transition {
  readonly jobId: string;
  readonly at: number;
  readonly status: ProcessingJobStatus;
  readonly phase: Phase;
  /** e.g. progress of `preparing`; null mostly */
  readonly note: string | null;
}
