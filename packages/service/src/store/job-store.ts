import type { CreateProcessingJobRequest } from "@fieldmark/contract";

import type { FinalStatus, Phase, ProcessingJobStatus } from "../jobs/status.ts";

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Keys that a job's own program signs with; valid until the job ends. */
export interface SessionKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The validated CreateProcessingJob request with its defaults filled in; tags have a table of their own. */
export type RecordedRequest = Omit<CreateProcessingJobRequest, "Tags">;

/** What CreateProcessingJob records; made by `newJob` (jobs/new-job.ts). */
export interface NewJob {
  /** Unique while the record exists. */
  readonly name: string;
  readonly arn: string;
  readonly request: RecordedRequest;
  readonly instanceCount: number;
  /** epoch milliseconds */
  readonly createdAt: number;
  /** null for a job without network */
  readonly sessionKeys: SessionKeys | null;
  readonly tags: readonly Tag[];
}

/** A job as lists show it. Times are epoch milliseconds. */
export interface JobSummary {
  /** Unique for ever, and sorted by arrival; lower-case letters and digits. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly instanceCount: number;
  readonly status: ProcessingJobStatus;
  readonly phase: Phase;
  readonly createdAt: number;
  /** When its programs were started. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly modifiedAt: number;
  /** When somebody asked to stop it, or its time ran out. */
  readonly stopRequestedAt: number | null;
  readonly exitMessage: string | null;
  readonly failureReason: string | null;
}

/** A job as it is recorded. */
export interface JobRecord extends JobSummary {
  /** `repository@sha256:…`, or the id of an image that no registry knows; null until it is ready, and where no image is used. */
  readonly imageDigest: string | null;
  readonly request: RecordedRequest;
  readonly sessionKeys: SessionKeys | null;
}

/** One entry of the append-only list of what became of a job. */
export interface Transition {
  readonly jobId: string;
  /** epoch milliseconds */
  readonly at: number;
  readonly status: ProcessingJobStatus;
  readonly phase: Phase;
  /** e.g. progress of `preparing`; null mostly */
  readonly note: string | null;
}

export type SortBy = "CreationTime" | "Name" | "Status";

/**
 * The last job of a page, as the values it is sorted by: the next page starts after it, whatever was added in between.
 * Plain JSON, for a NextToken; from outside it is checked by `list`.
 */
export type ListPosition = readonly (string | number)[];

/** ListProcessingJobs' filters and order. Times are epoch milliseconds; bounds are exclusive, as AWS's words "after" and "before". */
export interface JobQuery {
  readonly sortBy: SortBy;
  readonly sortOrder: "Ascending" | "Descending";
  readonly limit: number;
  readonly after?: ListPosition | undefined;
  readonly status?: ProcessingJobStatus | undefined;
  /** case counts */
  readonly nameContains?: string | undefined;
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
  readonly modifiedAfter?: number | undefined;
  readonly modifiedBefore?: number | undefined;
}

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** null on the last page */
  readonly next: ListPosition | null;
}

/** Who works on a job, and until when nobody else may. */
export interface Lease {
  readonly owner: string;
  readonly now: number;
  /** epoch milliseconds */
  readonly until: number;
}

/** One step of a job's life: the changed fields, and a transition, in one transaction. */
export interface Move {
  readonly id: string;
  /** The owner of the job's lease. */
  readonly owner: string;
  readonly at: number;
  readonly phase: Phase;
  /** Absent: as it is, so that a stop requested meanwhile is kept. */
  readonly status?: "Stopping" | FinalStatus;
  readonly startedAt?: number;
  readonly imageDigest?: string | null;
  readonly exitMessage?: string | null;
  readonly failureReason?: string | null;
  readonly note?: string | null;
}

/** The rightful user of session keys: only of a job that has not ended. */
export interface SessionUser {
  readonly jobId: string;
  readonly jobName: string;
  readonly keys: SessionKeys;
}

/**
 * The jobs that the service knows. A write is durable when its promise resolves, and whole or not at all. Each
 * implementation passes `jobStoreContract`.
 */
export interface JobStore extends AsyncDisposable {
  /** @throws JOB_EXISTS while a job of this name is recorded */
  insert(job: NewJob): Promise<JobRecord>;
  /** null when there is no such job. */
  get(name: string): Promise<JobRecord | null>;
  getById(id: string): Promise<JobRecord | null>;
  /** @throws POSITION_INVALID when `after` is not a position of this order */
  list(query: JobQuery): Promise<JobPage>;
  /** By arrival order. */
  transitions(id: string): Promise<readonly Transition[]>;
  /** How many jobs have each status. */
  counts(): Promise<Readonly<Record<ProcessingJobStatus, number>>>;

  /**
   * Makes a job `Stopping`; one that is stopping or finished is left as it is.
   * @throws JOB_NOT_FOUND
   */
  requestStop(name: string, at: number): Promise<JobRecord>;
  /** @throws JOB_NOT_FOUND; JOB_NOT_FINISHED */
  delete(name: string): Promise<void>;
  /** Deletes at most `limit` jobs that ended before, oldest first; says how many. */
  purge(endedBefore: number, limit: number): Promise<number>;

  /** In the order of their keys. @throws JOB_NOT_FOUND */
  tags(name: string): Promise<readonly Tag[]>;
  /** Adds, or replaces the values of equal keys. @throws JOB_NOT_FOUND; TAGS_TOO_MANY above 50 */
  addTags(name: string, tags: readonly Tag[]): Promise<readonly Tag[]>;
  /** Keys that it does not have are no error. @throws JOB_NOT_FOUND */
  deleteTags(name: string, keys: readonly string[]): Promise<void>;

  /** null for keys that were never given out, or whose job ended. */
  sessionUser(accessKeyId: string): Promise<SessionUser | null>;

  /**
   * Leases the oldest queued job and moves it to `preparing`, or null: when nothing is queued, or when the oldest needs
   * more than `instances` (no later job overtakes it). Jobs asked to stop while queued come first and need none.
   */
  claim(lease: Lease, instances: number): Promise<JobRecord | null>;
  /** Leases all jobs that left the queue, have not ended, and belong to `owner` already or to nobody any more. */
  adopt(lease: Lease): Promise<readonly JobRecord[]>;
  /** Prolongs the leases that `owner` has. */
  renew(lease: Lease): Promise<void>;
  /** Gives the leases of `owner` back, so that another may adopt its jobs at once. */
  release(owner: string): Promise<void>;
  /**
   * Moves a job on; what it did not name stays. The end (a final status, phase `ended`) ends the lease and the session keys.
   * @throws LEASE_LOST when `owner` has no lease of it; MOVE_REFUSED for a step that jobs/status.ts does not know
   */
  move(move: Move): Promise<JobRecord>;
  /** Ids of all jobs that have not ended: the ones that may own something on a machine. */
  unfinished(): Promise<ReadonlySet<string>>;
}
