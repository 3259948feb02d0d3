import type { EventSource, LogEvent, Place } from "./event-source.ts";
import type { StreamRow } from "./log-table.ts";

export interface StreamEvent {
  readonly stream: StreamRow;
  readonly event: LogEvent;
}

interface Opened extends StreamEvent {
  readonly source: EventSource;
  readonly rest: AsyncGenerator<LogEvent>;
}

/**
 * Events of many streams by time, then by the stream's name. A stream is opened when its first event is next and closed
 * after its last.
 *
 * @param streams by the time of their first event
 */
export async function* mergeEvents(
  streams: Iterator<StreamRow>,
  sourceOf: (stream: StreamRow) => Promise<{ readonly source: EventSource; readonly from: Place }>,
): AsyncGenerator<StreamEvent> {
  const heads: Opened[] = [];
  const open = new Set<EventSource>();
  const close = async (source: EventSource) => {
    open.delete(source);
    await source[Symbol.asyncDispose]();
  };
  let waiting = streams.next();
  try {
    for (;;) {
      let next = earliest(heads);
      while (
        !waiting.done &&
        (next === undefined || (waiting.value.first_event_at ?? 0) <= next.event.timestamp)
      ) {
        const stream = waiting.value;
        const { source, from } = await sourceOf(stream);
        open.add(source);
        if (!(await advance(heads, { stream, source, rest: source.forward(from) }))) await close(source);
        next = earliest(heads);
        waiting = streams.next();
      }
      if (next === undefined) return;
      yield { stream: next.stream, event: next.event };
      heads.splice(heads.indexOf(next), 1);
      if (!(await advance(heads, next))) await close(next.source);
    }
  } finally {
    for (const source of open) await close(source);
  }
}

/** Puts the stream's next event among the heads. @returns false when there is none */
async function advance(heads: Opened[], stream: Omit<Opened, "event">): Promise<boolean> {
  const { value, done } = await stream.rest.next();
  if (done !== true) heads.push({ ...stream, event: value });
  return done !== true;
}

function earliest(heads: readonly Opened[]): Opened | undefined {
  return heads.reduce<Opened | undefined>(
    (best, head) => (best === undefined || isBefore(head, best) ? head : best),
    undefined,
  );
}

function isBefore(a: Opened, b: Opened): boolean {
  return (
    a.event.timestamp < b.event.timestamp ||
    (a.event.timestamp === b.event.timestamp && a.stream.name < b.stream.name)
  );
}
