import { statSync } from "node:fs";
import { mkdir, open, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EventSource } from "./event-source.ts";
import { type JobLogs, logFile, PROCESSING_JOBS_GROUP } from "./job-logs.ts";
import { lastUsefulLines } from "./last-lines.ts";
import { LogStreams } from "./log-streams.ts";
import { type LogDatabase, openLogDatabase, type StreamRow } from "./log-table.ts";
import { openOutputSource } from "./output-source.ts";
import { openPutSource } from "./put-source.ts";

/** ms between looks at the outputs of running programs: what an event's timestamp may be late by, at most. */
const LOOK_EVERY = 100;
/** Streams removed in one transaction. */
const REMOVE_AT_ONCE = 200;

export interface LogsOptions {
  /** epoch ms */
  readonly now: () => number;
  /** Told when the times of output could not be recorded; they are tried again. */
  readonly onProblem: (error: unknown) => void;
}

/** Log groups and streams of one data folder: output of jobs in files, times and other streams in a database beside them. */
export class Logs implements JobLogs, AsyncDisposable {
  readonly streams: LogStreams;
  readonly database: LogDatabase;
  readonly #folder: string;
  readonly #options: LogsOptions;
  readonly #followed = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  private constructor(folder: string, database: LogDatabase, options: LogsOptions) {
    this.#folder = folder;
    this.#options = options;
    this.database = database;
    this.streams = new LogStreams(database);
  }

  /** @param folder `DATA/logs`, made when absent */
  static async open(folder: string, options: LogsOptions): Promise<Logs> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Logs(folder, openLogDatabase(join(folder, "logs.sqlite")), options);
  }

  now(): number {
    return this.#options.now();
  }

  async follow(stream: string): Promise<void> {
    const path = logFile(this.#folder, stream);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await (await open(path, "a", 0o600)).close();
    const now = this.now();
    this.streams.createGroup(PROCESSING_JOBS_GROUP, now);
    this.streams.createStream(this.streams.group(PROCESSING_JOBS_GROUP), stream, "output", now);
    this.#followed.add(stream);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY);
  }

  async end(stream: string): Promise<void> {
    this.#followed.delete(stream);
    this.#restWhenIdle();
    const row = this.#jobStream(stream);
    if (row === null) return;
    this.#noteSizes([row]);
    this.database.prepare("update log_stream set ended = 1 where id = ?").run(row.id);
  }

  async lastLines(
    stream: string,
    options: { readonly count: number; readonly maxBytes: number },
  ): Promise<readonly string[]> {
    const row = this.#jobStream(stream);
    if (row === null) return [];
    await using source = await this.#open({ ...row, ended: 1 });
    return await lastUsefulLines(source.backward(source.last), options);
  }

  async removeEndedBefore(time: number): Promise<number> {
    const old = this.database.prepare(
      `select * from log_stream where (ended = 1 or kind = 'put')
        and max(created_at, coalesce(last_event_at, 0), coalesce(last_ingested_at, 0)) < ? limit ${REMOVE_AT_ONCE}`,
    );
    let removed = 0;
    for (;;) {
      const rows = old.all(time) as StreamRow[];
      if (rows.length === 0) return removed;
      for (const row of rows) await this.#removeFile(row);
      this.database.transaction(() => {
        for (const table of ["output_time", "put_event"]) {
          const remove = this.database.prepare(`delete from ${table} where stream_id = ?`);
          for (const row of rows) remove.run(row.id);
        }
        const remove = this.database.prepare("delete from log_stream where id = ?");
        for (const row of rows) remove.run(row.id);
      })();
      removed += rows.length;
    }
  }

  /** The events of a stream up to what is printed now. */
  async source(row: StreamRow): Promise<EventSource> {
    return await this.#open(this.refresh([row])[0] ?? row);
  }

  /** Rows as of now: the sizes and times of output that still grows are noted first. */
  refresh(rows: readonly StreamRow[]): readonly StreamRow[] {
    const growing = rows.filter((row) => row.kind === "output" && row.ended === 0);
    if (growing.length === 0) return rows;
    this.#noteSizes(growing);
    const again = this.database.prepare("select * from log_stream where id = ?");
    return rows.map((row) =>
      growing.includes(row) ? ((again.get(row.id) as StreamRow | undefined) ?? row) : row,
    );
  }

  /** Notes what programs printed up to now, so that orders by time are true. */
  refreshFollowed(): void {
    this.#noteSizes(
      [...this.#followed].map((stream) => this.#jobStream(stream)).filter((row) => row !== null),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#followed.clear();
    this.#restWhenIdle();
    this.database.close();
  }

  async #open(row: StreamRow): Promise<EventSource> {
    return row.kind === "put"
      ? openPutSource(this.database, row)
      : await openOutputSource(this.database, row, logFile(this.#folder, row.name));
  }

  #jobStream(stream: string): StreamRow | null {
    const row = this.database
      .prepare(
        "select s.* from log_stream s join log_group g on g.id = s.group_id where g.name = ? and s.name = ?",
      )
      .get(PROCESSING_JOBS_GROUP, stream) as StreamRow | undefined;
    return row ?? null;
  }

  #look(): void {
    try {
      this.refreshFollowed();
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #restWhenIdle(): void {
    if (this.#followed.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #noteSizes(rows: readonly StreamRow[]): void {
    const grown = rows.flatMap((row) => {
      const stat = statSync(logFile(this.#folder, row.name), { throwIfNoEntry: false });
      if (stat === undefined || stat.size <= row.size) return [];
      // The file's own time is nearer to the printing than this look; the program may set it, so it is bounded.
      const at = Math.max(
        row.last_event_at ?? row.created_at,
        Math.min(this.now(), Math.floor(stat.mtimeMs)),
      );
      return [{ row, size: stat.size, at }];
    });
    if (grown.length === 0) return;
    this.database.transaction(() => {
      const time = this.database.prepare(
        "insert or ignore into output_time (stream_id, offset, at) values (?, ?, ?)",
      );
      const stream = this.database.prepare(
        `update log_stream set size = ?, last_event_at = ?, last_ingested_at = ?,
          first_event_at = coalesce(first_event_at, ?) where id = ?`,
      );
      for (const { row, size, at } of grown) {
        time.run(row.id, size, at);
        stream.run(size, at, at, at, row.id);
      }
    })();
  }

  async #removeFile(row: StreamRow): Promise<void> {
    if (row.kind === "put") return;
    const path = logFile(this.#folder, row.name);
    await rm(path, { force: true });
    await rmdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
      // Other hosts' streams lie there, or another removal was faster.
      if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT") throw error;
    });
  }
}
