import type { InputLogEvent, PutLogEventsResponse } from "@fieldmark/contract";
import type { StreamRow } from "../../logs/log-table.ts";
import { writePutEvents } from "../../logs/write-put-events.ts";
import type { LogsContext, LogsServed } from "./logs-context.ts";
import { sequenceToken } from "./logs-names.ts";
import { invalidParameter } from "./logs-parameters.ts";

/** Limits of PutLogEvents: bytes of UTF-8, each event counted with 26 more; ms. */
const BATCH_BYTES = 1_048_576;
const EVENT_BYTES = 262_144;
const EVENT_OVERHEAD = 26;
const HOUR = 3_600_000;
const BATCH_SPAN = 24 * HOUR;
const TOO_NEW = 2 * HOUR;
const TOO_OLD = 14 * 24 * HOUR;

export const putLogEvents =
  ({ logs }: LogsContext): LogsServed["PutLogEvents"] =>
  async (input) => {
    const stream = logs.streams.stream(logs.streams.group(input.logGroupName), input.logStreamName);
    if (stream.kind === "output") {
      throw invalidParameter("The log stream of a processing job holds only its program's output.");
    }
    checkBatch(input.logEvents);
    const now = logs.now();
    const accepted = input.logEvents.filter(
      ({ timestamp }) => timestamp >= now - TOO_OLD && timestamp <= now + TOO_NEW,
    );
    const size = writePutEvents(logs.database, stream, { events: accepted, now });
    return {
      nextSequenceToken: sequenceToken({ id: stream.id, size } satisfies Pick<StreamRow, "id" | "size">),
      ...rejected(input.logEvents, now),
    };
  };

function checkBatch(events: readonly InputLogEvent[]): void {
  let total = 0;
  let previous = events[0]?.timestamp ?? 0;
  const first = previous;
  for (const { timestamp, message } of events) {
    const bytes = Buffer.byteLength(message) + EVENT_OVERHEAD;
    if (bytes > EVENT_BYTES) {
      throw invalidParameter(`Log event too large: ${bytes} bytes exceeds limit of ${EVENT_BYTES}`);
    }
    if (timestamp < previous) {
      throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
    total += bytes;
    previous = timestamp;
  }
  if (total > BATCH_BYTES) {
    throw invalidParameter(`Upload too large: ${total} bytes exceeds limit of ${BATCH_BYTES}`);
  }
  if (previous - first > BATCH_SPAN) {
    throw invalidParameter(
      "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    );
  }
}

/** Events are in order, so what is too old stands first and what is too new last. */
function rejected(events: readonly InputLogEvent[], now: number): PutLogEventsResponse {
  const tooOld = events.filter(({ timestamp }) => timestamp < now - TOO_OLD).length;
  const tooNew = events.findIndex(({ timestamp }) => timestamp > now + TOO_NEW);
  if (tooOld === 0 && tooNew < 0) return {};
  return {
    rejectedLogEventsInfo: {
      ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    },
  };
}
