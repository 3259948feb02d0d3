import { comparePlaces, type EventSource, type LogEvent, type Place } from "../../logs/event-source.ts";
import type { LogsContext, LogsServed } from "./logs-context.ts";
import { Page } from "./logs-page.ts";
import { invalidParameter, namedGroup } from "./logs-parameters.ts";

const MAX_EVENTS = 10_000;

interface Walk {
  readonly direction: "forward" | "backward";
  readonly from: Place;
}

/**
 * One page of a stream. A token names a place between two events, so a page walked twice is the same page; the end of
 * the stream is where a token answers itself.
 */
export const getLogEvents =
  (context: LogsContext): LogsServed["GetLogEvents"] =>
  async (input) => {
    const { logs } = context;
    const stream = logs.streams.stream(namedGroup(context, input), input.logStreamName);
    const token = input.nextToken === undefined ? null : readToken(input.nextToken);
    await using source = await logs.source(stream);
    const low = input.startTime === undefined ? source.first : await source.placeAt(input.startTime);
    const high = input.endTime === undefined ? source.last : await source.placeAt(input.endTime);
    const walk: Walk =
      token ??
      (input.startFromHead === true
        ? { direction: "forward", from: low }
        : { direction: "backward", from: high });
    const events = await page(source, walk, { low, high, limit: input.limit ?? MAX_EVENTS });
    const first = events[0]?.start ?? walk.from;
    const last = events.at(-1)?.end ?? walk.from;
    return {
      events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
      nextForwardToken: writeToken("f", last),
      nextBackwardToken: writeToken("b", first),
    };
  };

async function page(
  source: EventSource,
  { direction, from }: Walk,
  { low, high, limit }: { readonly low: Place; readonly high: Place; readonly limit: number },
): Promise<readonly LogEvent[]> {
  const events = new Page<LogEvent>(limit);
  if (direction === "forward") {
    for await (const event of source.forward(comparePlaces(from, low) < 0 ? low : from)) {
      if (comparePlaces(event.start, high) >= 0 || !events.add(event)) break;
    }
    return events.items;
  }
  for await (const event of source.backward(comparePlaces(from, high) > 0 ? high : from)) {
    if (comparePlaces(event.start, low) < 0 || !events.add(event)) break;
  }
  return events.items.toReversed();
}

function writeToken(direction: "f" | "b", [a, b]: Place): string {
  return `${direction}/${String(a).padStart(17, "0")}${String(b).padStart(17, "0")}`;
}

/** @throws LOG_PARAMETER */
function readToken(token: string): Walk {
  const match = /^([fb])\/(\d{17})(\d{17})$/.exec(token);
  const place = [Number(match?.[2]), Number(match?.[3])] as const;
  if (match === null || !place.every(Number.isSafeInteger)) {
    throw invalidParameter("The specified nextToken is invalid.");
  }
  return { direction: match[1] === "f" ? "forward" : "backward", from: place };
}
