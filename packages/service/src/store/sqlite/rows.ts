import type { JobRecord, JobSummary, SessionKeys, Transition } from "../job-store.ts";
import type { JobRow, Tables } from "../tables.ts";
import type { SummaryRow } from "./list-jobs.ts";

interface SessionColumns {
  readonly access_key_id: string | null;
  readonly secret_access_key: string | null;
  readonly session_token: string | null;
}

export type RecordRow = JobRow & SessionColumns & { readonly request: string };

export function toSummary(row: SummaryRow): JobSummary {
  return {
    id: row.id,
    name: row.name,
    arn: row.arn,
    instanceCount: row.instance_count,
    status: row.status,
    phase: row.phase,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    modifiedAt: row.modified_at,
    stopRequestedAt: row.stop_requested_at,
    exitMessage: row.exit_message,
    failureReason: row.failure_reason,
  };
}

export function toRecord(row: RecordRow): JobRecord {
  return {
    ...toSummary(row),
    imageDigest: row.image_digest,
    request: JSON.parse(row.request),
    sessionKeys: toSessionKeys(row),
  };
}

export function toSessionKeys(row: SessionColumns): SessionKeys | null {
  const { access_key_id, secret_access_key, session_token } = row;
  if (access_key_id === null || secret_access_key === null || session_token === null) return null;
  return { accessKeyId: access_key_id, secretAccessKey: secret_access_key, sessionToken: session_token };
}

export function toTransition(row: Tables["processing_job_transition"]): Transition {
  return { jobId: row.job_id, at: row.at, status: row.status, phase: row.phase, note: row.note };
}
