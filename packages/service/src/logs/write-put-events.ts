import type { LogDatabase, StreamRow } from "./log-table.ts";

/** Adds events that a client put to its stream. @returns how many the stream holds now */
export function writePutEvents(
  database: LogDatabase,
  stream: StreamRow,
  put: {
    readonly events: readonly { readonly timestamp: number; readonly message: string }[];
    readonly now: number;
  },
): number {
  const insert = database.prepare(
    "insert into put_event (stream_id, at, number, ingested_at, message) values (?, ?, ?, ?, ?)",
  );
  const update = database.prepare(
    `update log_stream set size = size + ?, last_ingested_at = ?,
      first_event_at = min(coalesce(first_event_at, ?), ?), last_event_at = max(coalesce(last_event_at, ?), ?) where id = ?`,
  );
  const first = put.events[0];
  const last = put.events.at(-1);
  if (first === undefined || last === undefined) return stream.size;
  return database.transaction(() => {
    put.events.forEach(({ timestamp, message }, index) => {
      insert.run(stream.id, timestamp, stream.size + index, put.now, message);
    });
    const [from, to] = [first.timestamp, last.timestamp];
    update.run(put.events.length, put.now, from, from, to, to, stream.id);
    return stream.size + put.events.length;
  })() as number;
}
