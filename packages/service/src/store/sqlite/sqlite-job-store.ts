import { FieldmarkError } from "@fieldmark/contract";

import { jobIds } from "../../jobs/job-id.ts";
import { isFinal, mayMove, type ProcessingJobStatus, STATUSES } from "../../jobs/status.ts";
import type {
  JobPage,
  JobQuery,
  JobRecord,
  JobStore,
  Lease,
  Move,
  NewJob,
  SessionUser,
  Tag,
  Transition,
} from "../job-store.ts";
import { MIGRATIONS } from "../migrations/migrations.ts";
import type { JobRow } from "../tables.ts";
import { CommitGroups } from "./commit-groups.ts";
import { Connection } from "./connection.ts";
import { listJobs, positionOf } from "./list-jobs.ts";
import { migrate } from "./migrate.ts";
import { toRecord, toSessionKeys, toSummary, toTransition } from "./rows.ts";
import * as statements from "./statements.ts";

/** SageMaker's limit of tags on one resource. */
const TAGS = 50;

export interface SqliteOptions {
  /** an integer from 0 to below `limit`; part of ids */
  readonly random: (limit: number) => number;
}

/**
 * Opens the store in one file, and makes it when there is none.
 * @throws STORE_TOO_NEW
 */
export function openSqliteJobStore(file: string, options: SqliteOptions): JobStore {
  const connection = new Connection(file);
  try {
    migrate(connection, MIGRATIONS);
    return new SqliteJobStore(connection, options);
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

class SqliteJobStore implements JobStore {
  readonly #connection: Connection;
  readonly #groups: CommitGroups;
  readonly #nextId: (now: number) => string;

  constructor(connection: Connection, { random }: SqliteOptions) {
    this.#connection = connection;
    this.#groups = new CommitGroups(connection);
    this.#nextId = jobIds(connection.first(statements.lastId)?.id ?? null, random);
  }

  insert(job: NewJob): Promise<JobRecord> {
    return this.#groups.write(() => {
      const taken = this.#connection.first(statements.arnByName({ name: job.name }));
      if (taken !== null) {
        throw new FieldmarkError(
          "JOB_EXISTS",
          `Job name must be unique within an AWS account and region, and a job with this name already exists (${taken.arn})`,
          { name: job.name },
        );
      }
      const row = newRow(this.#nextId(job.createdAt), job);
      this.#connection.all(statements.insertJob(row));
      this.#connection.all(
        statements.insertRequest({ job_id: row.id, request: JSON.stringify(job.request) }),
      );
      if (job.sessionKeys !== null)
        this.#connection.all(statements.insertSession(sessionRow(row.id, job.sessionKeys)));
      this.#writeTags(row.id, job.tags);
      this.#connection.all(statements.insertFirstTransition({ ...row, at: job.createdAt }));
      return { ...toSummary(row), imageDigest: null, request: job.request, sessionKeys: job.sessionKeys };
    });
  }

  async get(name: string): Promise<JobRecord | null> {
    const row = this.#connection.first(statements.jobByName({ name }));
    return row === null ? null : toRecord(row);
  }

  async getById(id: string): Promise<JobRecord | null> {
    const row = this.#connection.first(statements.jobById({ id }));
    return row === null ? null : toRecord(row);
  }

  async list(query: JobQuery): Promise<JobPage> {
    const rows = this.#connection.all(listJobs(query));
    const jobs = rows.slice(0, query.limit).map(toSummary);
    const last = jobs.at(-1);
    return {
      jobs,
      next: rows.length > query.limit && last !== undefined ? positionOf(last, query.sortBy) : null,
    };
  }

  async transitions(id: string): Promise<readonly Transition[]> {
    return this.#connection.all(statements.transitionsOf({ id })).map(toTransition);
  }

  async counts(): Promise<Readonly<Record<ProcessingJobStatus, number>>> {
    const found = new Map(
      this.#connection.all(statements.statusCounts).map(({ status, jobs }) => [status, jobs]),
    );
    const entries = STATUSES.map((status) => [status, found.get(status) ?? 0] as const);
    return Object.fromEntries(entries) as Record<ProcessingJobStatus, number>;
  }

  requestStop(name: string, at: number): Promise<JobRecord> {
    return this.#groups.write(() => {
      const row = this.#row(name);
      if (row.status === "InProgress") {
        this.#update({ ...row, status: "Stopping", stop_requested_at: at, modified_at: at }, null);
      }
      return this.#record(row.id);
    });
  }

  delete(name: string): Promise<void> {
    return this.#groups.write(() => {
      const row = this.#row(name);
      if (!isFinal(row.status)) {
        throw new FieldmarkError(
          "JOB_NOT_FINISHED",
          `Processing job ${name} is ${row.status} and cannot be deleted`,
          { name },
        );
      }
      this.#connection.all(statements.deleteJob({ id: row.id }));
    });
  }

  purge(endedBefore: number, limit: number): Promise<number> {
    return this.#groups.write(() => {
      const finished = this.#connection.all(statements.finishedBefore({ time: endedBefore, limit }));
      for (const { id } of finished) this.#connection.all(statements.deleteJob({ id }));
      return finished.length;
    });
  }

  async tags(name: string): Promise<readonly Tag[]> {
    return this.#readTags(this.#row(name).id);
  }

  addTags(name: string, tags: readonly Tag[]): Promise<readonly Tag[]> {
    return this.#groups.write(() => {
      const { id } = this.#row(name);
      this.#writeTags(id, tags);
      return this.#readTags(id);
    });
  }

  deleteTags(name: string, keys: readonly string[]): Promise<void> {
    return this.#groups.write(() => {
      const { id } = this.#row(name);
      for (const key of keys) this.#connection.all(statements.deleteTag({ id, key }));
    });
  }

  async sessionUser(accessKeyId: string): Promise<SessionUser | null> {
    const row = this.#connection.first(statements.sessionByKey({ accessKeyId }));
    const keys = row === null ? null : toSessionKeys(row);
    return row === null || keys === null ? null : { jobId: row.job_id, jobName: row.name, keys };
  }

  claim(lease: Lease, instances: number): Promise<JobRecord | null> {
    return this.#groups.write(() => {
      const stopping = this.#connection.first(statements.oldestQueued({ status: "Stopping" }));
      const row = stopping ?? this.#connection.first(statements.oldestQueued({ status: "InProgress" }));
      if (row === null || (stopping === null && row.instance_count > instances)) return null;
      this.#update({ ...leased(row, lease), phase: "preparing", modified_at: lease.now }, null);
      return this.#record(row.id);
    });
  }

  adopt(lease: Lease): Promise<readonly JobRecord[]> {
    return this.#groups.write(() =>
      this.#connection.all(statements.adoptable(lease)).map((row) => {
        this.#connection.all(statements.updateJob(leased(row, lease)));
        return this.#record(row.id);
      }),
    );
  }

  renew(lease: Lease): Promise<void> {
    return this.#groups.write(() => {
      this.#connection.all(statements.prolong(lease));
    });
  }

  release(owner: string): Promise<void> {
    return this.#groups.write(() => {
      this.#connection.all(statements.giveBack({ owner }));
    });
  }

  move(move: Move): Promise<JobRecord> {
    return this.#groups.write(() => {
      const row = this.#connection.first(statements.rowById({ id: move.id }));
      if (row === null || row.leased_by !== move.owner) {
        throw new FieldmarkError("LEASE_LOST", `job ${move.id} is not leased to ${move.owner}`, {
          id: move.id,
        });
      }
      const next = moved(row, move);
      if (!mayMove(row, next)) {
        throw new FieldmarkError(
          "MOVE_REFUSED",
          `job ${row.name} cannot move from ${row.status}/${row.phase} to ${next.status}/${next.phase}`,
          { id: row.id },
        );
      }
      this.#update(next, move.note ?? null);
      if (isFinal(next.status)) this.#connection.all(statements.deleteSession({ id: row.id }));
      return this.#record(row.id);
    });
  }

  async unfinished(): Promise<ReadonlySet<string>> {
    return new Set(this.#connection.all(statements.unfinishedIds).map(({ id }) => id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#groups[Symbol.dispose]();
    this.#connection[Symbol.dispose]();
  }

  #row(name: string): JobRow {
    const row = this.#connection.first(statements.rowByName({ name }));
    if (row === null)
      throw new FieldmarkError("JOB_NOT_FOUND", `Could not find requested job with name: ${name}`, { name });
    return row;
  }

  /** A job that is known to be there. */
  #record(id: string): JobRecord {
    const row = this.#connection.first(statements.jobById({ id }));
    if (row === null)
      throw new FieldmarkError("JOB_NOT_FOUND", `Could not find requested job with id: ${id}`, { id });
    return toRecord(row);
  }

  #update(row: JobRow, note: string | null): void {
    this.#connection.all(statements.updateJob(row));
    this.#append(row, row.modified_at, note);
  }

  #append(row: JobRow, at: number, note: string | null): void {
    this.#connection.all(
      statements.insertTransition({ job_id: row.id, at, status: row.status, phase: row.phase, note }),
    );
  }

  #readTags(id: string): readonly Tag[] {
    return this.#connection
      .all(statements.tagsOf({ id }))
      .map(({ key, value }) => ({ Key: key, Value: value }));
  }

  #writeTags(id: string, tags: readonly Tag[]): void {
    for (const { Key: key, Value: value } of tags)
      this.#connection.all(statements.setTag({ job_id: id, key, value }));
    if (tags.length > 0 && this.#readTags(id).length > TAGS) {
      throw new FieldmarkError("TAGS_TOO_MANY", `The maximum number of tags of one resource is ${TAGS}`, {
        limit: TAGS,
      });
    }
  }
}

function newRow(id: string, job: NewJob): JobRow {
  return {
    id,
    name: job.name,
    arn: job.arn,
    instance_count: job.instanceCount,
    status: "InProgress",
    phase: "queued",
    created_at: job.createdAt,
    started_at: null,
    ended_at: null,
    modified_at: job.createdAt,
    stop_requested_at: null,
    exit_message: null,
    failure_reason: null,
    leased_by: null,
    leased_until: null,
    image_digest: null,
  };
}

function sessionRow(jobId: string, keys: NonNullable<NewJob["sessionKeys"]>) {
  return {
    job_id: jobId,
    access_key_id: keys.accessKeyId,
    secret_access_key: keys.secretAccessKey,
    session_token: keys.sessionToken,
  };
}

function leased(row: JobRow, { owner, until }: Lease): JobRow {
  return { ...row, leased_by: owner, leased_until: until };
}

function moved(row: JobRow, move: Move): JobRow {
  const status = move.status ?? row.status;
  const ended = isFinal(status);
  return {
    ...row,
    status,
    phase: move.phase,
    started_at: move.startedAt ?? row.started_at,
    ended_at: ended ? move.at : null,
    modified_at: move.at,
    stop_requested_at: status === "Stopping" ? (row.stop_requested_at ?? move.at) : row.stop_requested_at,
    image_digest: move.imageDigest === undefined ? row.image_digest : move.imageDigest,
    exit_message: move.exitMessage === undefined ? row.exit_message : move.exitMessage,
    failure_reason: move.failureReason === undefined ? row.failure_reason : move.failureReason,
    leased_by: ended ? null : row.leased_by,
    leased_until: ended ? null : row.leased_until,
  };
}
