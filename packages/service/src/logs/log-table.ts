import type { LogGroup } from "@fieldmark/contract";
import Database from "libsql";

/** Groups, streams, when bytes of programs' output were first seen, and events that clients put. Times are epoch ms. */
const SCHEMA = `
create table if not exists log_group (
  id integer primary key,
  name text not null unique,
  created_at integer not null,
  class text not null,
  -- of output; kept by the triggers below, since there may be 100,000 streams
  stored_bytes integer not null default 0
);
create table if not exists log_stream (
  id integer primary key,
  group_id integer not null references log_group (id),
  name text not null,
  -- 'output': a program's, in a file of its own; 'put': by PutLogEvents, in put_event
  kind text not null,
  created_at integer not null,
  ended integer not null default 0,
  -- bytes of output whose time is recorded; the number of events put
  size integer not null default 0,
  first_event_at integer,
  last_event_at integer,
  last_ingested_at integer,
  unique (group_id, name)
);
create index if not exists log_stream_by_time on log_stream (group_id, coalesce(last_event_at, 0), name);
create index if not exists log_stream_by_first on log_stream (group_id, first_event_at, name);
-- Bytes of the output before "offset" were there at "at", those before the row above were there earlier.
create table if not exists output_time (
  stream_id integer not null,
  offset integer not null,
  at integer not null,
  primary key (stream_id, offset)
) without rowid;
create index if not exists output_time_by_time on output_time (stream_id, at, offset);
create table if not exists put_event (
  stream_id integer not null,
  at integer not null,
  number integer not null,
  ingested_at integer not null,
  message text not null,
  primary key (stream_id, at, number)
) without rowid;
create trigger if not exists log_stream_grew after update of size on log_stream when new.kind = 'output' begin
  update log_group set stored_bytes = stored_bytes + new.size - old.size where id = new.group_id;
end;
create trigger if not exists log_stream_went after delete on log_stream when old.kind = 'output' begin
  update log_group set stored_bytes = stored_bytes - old.size where id = old.group_id;
end;`;

export interface GroupRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: number;
  readonly class: NonNullable<LogGroup["logGroupClass"]>;
  readonly stored_bytes: number;
}

export interface StreamRow {
  readonly id: number;
  readonly group_id: number;
  readonly name: string;
  readonly kind: "output" | "put";
  readonly created_at: number;
  readonly ended: 0 | 1;
  readonly size: number;
  readonly first_event_at: number | null;
  readonly last_event_at: number | null;
  readonly last_ingested_at: number | null;
}

export type LogDatabase = InstanceType<typeof Database>;

/**
 * `synchronous=NORMAL`: survives the service being killed at any moment; a power cut may lose the last times of output
 * (its lines then count as of the file's change) and the last events put, never the file's integrity.
 */
export function openLogDatabase(file: string): LogDatabase {
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.exec(SCHEMA);
  return database;
}

/** Rows below `prefix` in a column that is compared byte by byte: `column >= prefix and column < end`. */
export function prefixEnd(prefix: string): string {
  // Above every character that a name can hold, in UTF-8 too.
  return `${prefix}\u{10ffff}`;
}
