import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { EventSource, LogEvent } from "./event-source.ts";
import type { LogDatabase, StreamRow } from "./log-table.ts";
import { type Extent, eventsFrom, type Output, startAtOrAfter, startNear } from "./output-events.ts";

/** Events read at once when walking backward; bounds what is held. */
const BACKWARD = 1 << 18;

/** Lines of a program's output, each with the time at which its first byte was there. */
export async function openOutputSource(
  database: LogDatabase,
  stream: StreamRow,
  path: string,
): Promise<EventSource> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const output: Output = { file, size: (await file.stat()).size, ended: stream.ended === 1 };
    const last = output.ended ? output.size : await startAtOrAfter(output, output.size);
    return outputSource(database, stream, output, last, () => file.close());
  } catch (error) {
    await file.close();
    throw error;
  }
}

function outputSource(
  database: LogDatabase,
  stream: StreamRow,
  output: Output,
  last: number,
  close: () => Promise<void>,
): EventSource {
  const times = new OutputTimes(database, stream);
  const event = ({ start, end, bytes }: Extent & { readonly bytes: Buffer }): LogEvent => {
    const at = times.at(start);
    const message = bytes.toString("utf8", 0, bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length);
    return { timestamp: at, ingestionTime: at, message, start: [start, 0], end: [end, 0] };
  };
  return {
    first: [0, 0],
    last: [last, 0],
    async placeAt(time) {
      return [Math.min(last, await startAtOrAfter(output, times.bytesBefore(time))), 0];
    },
    async *forward([from]) {
      // A token may be anybody's invention: go on at a true start.
      for await (const found of eventsFrom(output, await startAtOrAfter(output, Math.min(from, last)))) {
        yield event(found);
      }
    },
    async *backward([from]) {
      let before = Math.min(from, last);
      while (before > 0) {
        const held: LogEvent[] = [];
        const start = await startNear(output, Math.max(0, before - BACKWARD));
        for await (const found of eventsFrom(output, start)) {
          if (found.start >= before) break;
          held.push(event(found));
        }
        yield* held.reverse();
        before = start;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** When bytes of an output were first seen; remembers the stretch it read last, since events come in order. */
class OutputTimes {
  readonly #after;
  readonly #before;
  readonly #stream: StreamRow;
  #known = { from: 0, to: 0, at: 0 };

  constructor(database: LogDatabase, stream: StreamRow) {
    this.#stream = stream;
    this.#after = database.prepare(
      'select "offset", at from output_time where stream_id = ? and "offset" > ? order by "offset" limit 1',
    );
    this.#before = database.prepare(
      'select "offset" from output_time where stream_id = ? and at < ? order by at desc, "offset" desc limit 1',
    );
  }

  at(byte: number): number {
    if (byte >= this.#known.from && byte < this.#known.to) return this.#known.at;
    const row = this.#after.get(this.#stream.id, byte) as { offset: number; at: number } | undefined;
    // Written since the size was noted: it counts as of the last time known.
    if (row === undefined) return this.#stream.last_event_at ?? this.#stream.created_at;
    this.#known = { from: byte, to: row.offset, at: row.at };
    return row.at;
  }

  bytesBefore(time: number): number {
    const row = this.#before.get(this.#stream.id, time) as { offset: number } | undefined;
    return row?.offset ?? 0;
  }
}
