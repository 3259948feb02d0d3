import type { FilteredLogEvent, FilterLogEventsRequest } from "@fieldmark/contract";
import type { Place } from "../../logs/event-source.ts";
import { filterPattern } from "../../logs/filter-pattern.ts";
import type { GroupRow, StreamRow } from "../../logs/log-table.ts";
import { mergeEvents, type StreamEvent } from "../../logs/merge-events.ts";
import type { LogsContext, LogsServed } from "./logs-context.ts";
import { Page } from "./logs-page.ts";
import { invalidParameter, namedGroup, pageToken, readPageToken } from "./logs-parameters.ts";

const MAX_EVENTS = 10_000;
/** Characters searched for one answer; then the page ends, full or not, as CloudWatch's do. */
const SEARCHED_AT_ONCE = 8 << 20;

/** The event that comes next: its time, its stream, its place there. */
type Token = [timestamp: number, stream: string, ...place: Place];

/** Events of many streams that match, interleaved by time. */
export const filterLogEvents =
  (context: LogsContext): LogsServed["FilterLogEvents"] =>
  async (input) => {
    if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined) {
      throw invalidParameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
    }
    if (input.startFromHead === false) {
      throw invalidParameter("startFromHead=false is not served: events come from the earliest on.");
    }
    const { logs } = context;
    const matches = filterPattern(input.filterPattern ?? "");
    const token = input.nextToken === undefined ? null : readPageToken(input.nextToken, isToken);
    const group = namedGroup(context, input);
    logs.refreshFollowed();
    const from = Math.max(input.startTime ?? 0, token?.[0] ?? 0);
    const to = input.endTime ?? Number.MAX_SAFE_INTEGER;
    const page = new Page<StreamEvent & { readonly message: string }>(input.limit ?? MAX_EVENTS);
    let searched = 0;
    let next: StreamEvent | null = null;
    const merged = mergeEvents(candidates(context, { group, input, from, to }), async (stream) => {
      const source = await logs.source(stream);
      return {
        source,
        from: placeIn(stream, token) ?? (await source.placeAt(startIn(stream, { token, from }))),
      };
    });
    for await (const found of merged) {
      const { message, timestamp } = found.event;
      if (timestamp >= to) break;
      const isIn = matches(message);
      if (searched > SEARCHED_AT_ONCE || (isIn && !page.add({ ...found, message }))) {
        next = found;
        break;
      }
      searched += message.length;
    }
    return {
      events: page.items.map(filteredEvent),
      // As AWS has answered since 2020.
      searchedLogStreams: [],
      ...(next !== null && {
        nextToken: pageToken([next.event.timestamp, next.stream.name, ...next.event.start] satisfies Token),
      }),
    };
  };

function candidates(
  { logs }: LogsContext,
  search: {
    readonly group: GroupRow;
    readonly input: FilterLogEventsRequest;
    readonly from: number;
    readonly to: number;
  },
): Iterator<StreamRow> {
  const { group, input, from, to } = search;
  const names = input.logStreamNames;
  if (names === undefined) {
    return logs.streams.withEvents(group, { prefix: input.logStreamNamePrefix ?? "", from, to });
  }
  return logs
    .refresh([...new Set(names)].map((name) => logs.streams.stream(group, name)))
    .filter(({ first_event_at }) => first_event_at !== null)
    .toSorted((a, b) => (a.first_event_at ?? 0) - (b.first_event_at ?? 0))
    .values();
}

function placeIn(stream: StreamRow, token: Token | null): Place | null {
  return token !== null && token[1] === stream.name ? [token[2], token[3]] : null;
}

/** Events of one moment come by the stream's name: of streams before the token's, that moment is done. */
function startIn(
  stream: StreamRow,
  { token, from }: { readonly token: Token | null; readonly from: number },
): number {
  return token !== null && token[0] === from && stream.name < token[1] ? from + 1 : from;
}

function filteredEvent({ stream, event }: StreamEvent): FilteredLogEvent {
  const { timestamp, message, ingestionTime, start } = event;
  const eventId = [stream.id, ...start].map((part) => String(part).padStart(17, "0")).join("");
  return { logStreamName: stream.name, timestamp, message, ingestionTime, eventId };
}

function isToken(value: unknown): value is Token {
  return (
    Array.isArray(value) &&
    value.length === 4 &&
    typeof value[1] === "string" &&
    [0, 2, 3].every((index) => Number.isSafeInteger(value[index]) && value[index] >= 0)
  );
}
