import type { Selectable } from "kysely";

import type { Phase, ProcessingJobStatus } from "../jobs/status.ts";

export interface JobTable {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly instance_count: number;
  status: ProcessingJobStatus;
  phase: Phase;
  readonly created_at: number;
  started_at: number | null;
  ended_at: number | null;
  modified_at: number;
  stop_requested_at: number | null;
  exit_message: string | null;
  failure_reason: string | null;
  leased_by: string | null;
  leased_until: number | null;
  image_digest: string | null;
}

export interface RequestTable {
  readonly job_id: string;
  /** JSON */
  readonly request: string;
}

export interface SessionTable {
  readonly access_key_id: string;
  readonly job_id: string;
  readonly secret_access_key: string;
  readonly session_token: string;
}

export interface TransitionTable {
  readonly job_id: string;
  readonly sequence: number;
  readonly at: number;
  readonly status: ProcessingJobStatus;
  readonly phase: Phase;
  readonly note: string | null;
}

export interface TagTable {
  readonly job_id: string;
  readonly key: string;
  readonly value: string;
}

/** The columns that store/migrations make, for Kysely. */
export interface Tables {
  processing_job: JobTable;
  processing_job_request: RequestTable;
  processing_job_session: SessionTable;
  processing_job_transition: TransitionTable;
  processing_job_tag: TagTable;
}

export type JobRow = Selectable<JobTable>;
