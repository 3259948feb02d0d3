import type { EventSource, LogEvent, Place } from "./event-source.ts";
import type { LogDatabase, StreamRow } from "./log-table.ts";

/** Events read at once. */
const BATCH = 500;

interface EventRow {
  readonly at: number;
  readonly number: number;
  readonly ingested_at: number;
  readonly message: string;
}

/** Events that clients put, in the order of their timestamps, then of arrival. */
export function openPutSource(database: LogDatabase, stream: StreamRow): EventSource {
  const columns = "select at, number, ingested_at, message from put_event where stream_id = ?";
  const next = database.prepare(`${columns} and (at, number) >= (?, ?) order by at, number limit ${BATCH}`);
  const previous = database.prepare(
    `${columns} and (at, number) < (?, ?) order by at desc, number desc limit ${BATCH}`,
  );
  const newest = previous.get(stream.id, Number.MAX_SAFE_INTEGER, 0) as EventRow | undefined;
  return {
    first: [0, 0],
    last: newest === undefined ? [0, 0] : [newest.at, newest.number + 1],
    async placeAt(time) {
      return [time, 0];
    },
    async *forward(from) {
      let place = from;
      for (;;) {
        const rows = next.all(stream.id, ...place) as EventRow[];
        yield* rows.map(event);
        const last = rows.at(-1);
        if (last === undefined) return;
        place = [last.at, last.number + 1];
      }
    },
    async *backward(from) {
      let place = from;
      for (;;) {
        const rows = previous.all(stream.id, ...place) as EventRow[];
        yield* rows.map(event);
        const first = rows.at(-1);
        if (first === undefined) return;
        place = [first.at, first.number];
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

function event({ at, number, ingested_at, message }: EventRow): LogEvent {
  const start: Place = [at, number];
  return { timestamp: at, ingestionTime: ingested_at, message, start, end: [at, number + 1] };
}
