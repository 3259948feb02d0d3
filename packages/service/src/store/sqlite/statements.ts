import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";

import type { Phase, ProcessingJobStatus } from "../../jobs/status.ts";
import type { Lease } from "../job-store.ts";
import type { JobRow, Tables } from "../tables.ts";
import { compileOnce } from "./connection.ts";

/** Builds queries; `Connection` runs them. */
const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

export const selectIds = db.selectFrom("processing_job").select("id");

export const selectSummaries = db
  .selectFrom("processing_job")
  .select([
    "id",
    "name",
    "arn",
    "instance_count",
    "status",
    "phase",
    "created_at",
    "started_at",
    "ended_at",
    "modified_at",
    "stop_requested_at",
    "exit_message",
    "failure_reason",
  ]);

const selectJobs = db
  .selectFrom("processing_job")
  .innerJoin("processing_job_request", "processing_job_request.job_id", "processing_job.id")
  .leftJoin("processing_job_session", "processing_job_session.job_id", "processing_job.id")
  .selectAll("processing_job")
  .select(["request", "access_key_id", "secret_access_key", "session_token"]);

export const jobByName = compileOnce((at: { name: string }) => selectJobs.where("name", "=", at.name));
export const jobById = compileOnce((at: { id: string }) => selectJobs.where("id", "=", at.id));
export const rowByName = compileOnce((at: { name: string }) =>
  db.selectFrom("processing_job").selectAll().where("name", "=", at.name),
);
export const arnByName = compileOnce((at: { name: string }) =>
  db.selectFrom("processing_job").select("arn").where("name", "=", at.name),
);
export const rowById = compileOnce((at: { id: string }) =>
  db.selectFrom("processing_job").selectAll().where("id", "=", at.id),
);

export const lastId: CompiledQuery<{ id: string | null }> = db
  .selectFrom("processing_job")
  .select((eb) => eb.fn.max("id").as("id"))
  .compile();

export const insertJob = compileOnce((row: JobRow) =>
  db.insertInto("processing_job").values({
    id: row.id,
    name: row.name,
    arn: row.arn,
    instance_count: row.instance_count,
    status: row.status,
    phase: row.phase,
    created_at: row.created_at,
    modified_at: row.modified_at,
  }),
);

export const insertRequest = compileOnce((row: { job_id: string; request: string }) =>
  db.insertInto("processing_job_request").values({ job_id: row.job_id, request: row.request }),
);

export const insertSession = compileOnce(
  (row: { job_id: string; access_key_id: string; secret_access_key: string; session_token: string }) =>
    db.insertInto("processing_job_session").values({
      job_id: row.job_id,
      access_key_id: row.access_key_id,
      secret_access_key: row.secret_access_key,
      session_token: row.session_token,
    }),
);
export const deleteSession = compileOnce((at: { id: string }) =>
  db.deleteFrom("processing_job_session").where("job_id", "=", at.id),
);
export const sessionByKey = compileOnce((at: { accessKeyId: string }) =>
  db
    .selectFrom("processing_job_session")
    .innerJoin("processing_job", "processing_job.id", "processing_job_session.job_id")
    .select(["job_id", "name", "access_key_id", "secret_access_key", "session_token"])
    .where("access_key_id", "=", at.accessKeyId),
);

export const insertTransition = compileOnce(
  (row: { job_id: string; at: number; status: ProcessingJobStatus; phase: Phase; note: string | null }) =>
    db.insertInto("processing_job_transition").values((eb) => ({
      job_id: row.job_id,
      sequence: eb
        .selectFrom("processing_job_transition")
        .select(sql<number>`coalesce(max(sequence), 0) + 1`.as("sequence"))
        .where("job_id", "=", row.job_id),
      at: row.at,
      status: row.status,
      phase: row.phase,
      note: row.note,
    })),
);
export const insertFirstTransition = compileOnce(
  (row: { id: string; at: number; status: ProcessingJobStatus; phase: Phase }) =>
    db
      .insertInto("processing_job_transition")
      .values({ job_id: row.id, sequence: 1, at: row.at, status: row.status, phase: row.phase, note: null }),
);
export const transitionsOf = compileOnce((at: { id: string }) =>
  db.selectFrom("processing_job_transition").selectAll().where("job_id", "=", at.id).orderBy("sequence"),
);

export const updateJob = compileOnce((row: JobRow) =>
  db
    .updateTable("processing_job")
    .set({
      status: row.status,
      phase: row.phase,
      started_at: row.started_at,
      ended_at: row.ended_at,
      modified_at: row.modified_at,
      stop_requested_at: row.stop_requested_at,
      exit_message: row.exit_message,
      failure_reason: row.failure_reason,
      leased_by: row.leased_by,
      leased_until: row.leased_until,
      image_digest: row.image_digest,
    })
    .where("id", "=", row.id),
);
export const deleteJob = compileOnce((at: { id: string }) =>
  db.deleteFrom("processing_job").where("id", "=", at.id),
);

export const statusCounts = db
  .selectFrom("processing_job")
  .select((eb) => ["status", eb.fn.countAll<number>().as("jobs")])
  .groupBy("status")
  .compile();

/** `ended_at is null` stands in the index of unfinished jobs, so it must stand in the queries that use it. */
const unfinished = db.selectFrom("processing_job").where("ended_at", "is", null);

export const unfinishedIds = unfinished.select("id").compile();

export const oldestQueued = compileOnce((at: { status: ProcessingJobStatus }) =>
  unfinished.selectAll().where("phase", "=", "queued").where("status", "=", at.status).orderBy("id").limit(1),
);

export const adoptable = compileOnce((lease: Lease) =>
  unfinished
    .selectAll()
    .where("phase", "!=", "queued")
    .where((eb) =>
      eb.or([
        eb("leased_by", "is", null),
        eb("leased_by", "=", lease.owner),
        eb("leased_until", "<", lease.now),
      ]),
    )
    .orderBy("id"),
);

export const prolong = compileOnce((lease: Lease) =>
  db
    .updateTable("processing_job")
    .set({ leased_until: lease.until })
    .where("ended_at", "is", null)
    .where("phase", "!=", "queued")
    .where("leased_by", "=", lease.owner),
);
export const giveBack = compileOnce((lease: { owner: string }) =>
  db
    .updateTable("processing_job")
    .set({ leased_by: null, leased_until: null })
    .where("ended_at", "is", null)
    .where("phase", "!=", "queued")
    .where("leased_by", "=", lease.owner),
);

export const finishedBefore = compileOnce((at: { time: number; limit: number }) =>
  db
    .selectFrom("processing_job")
    .select("id")
    .where("ended_at", "<", at.time)
    .orderBy("ended_at")
    .limit(at.limit),
);

export const tagsOf = compileOnce((at: { id: string }) =>
  db.selectFrom("processing_job_tag").select(["key", "value"]).where("job_id", "=", at.id).orderBy("key"),
);
export const setTag = compileOnce((row: { job_id: string; key: string; value: string }) =>
  db
    .insertInto("processing_job_tag")
    .values({ job_id: row.job_id, key: row.key, value: row.value })
    .onConflict((conflict) => conflict.columns(["job_id", "key"]).doUpdateSet({ value: row.value })),
);
export const deleteTag = compileOnce((at: { id: string; key: string }) =>
  db.deleteFrom("processing_job_tag").where("job_id", "=", at.id).where("key", "=", at.key),
);
