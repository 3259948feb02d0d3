import { FieldmarkError, type LogGroup, type LogStream } from "@fieldmark/contract";
import type { GroupRow, StreamRow } from "../../logs/log-table.ts";
import { type Call, NOTHING } from "../operation.ts";
import type { LogsContext, LogsServed } from "./logs-context.ts";
import {
  groupArn,
  groupOf,
  invalidParameter,
  namedGroup,
  pageToken,
  readPageToken,
} from "./logs-parameters.ts";

const PAGE = 50;

export const createLogGroup =
  ({ logs }: LogsContext): LogsServed["CreateLogGroup"] =>
  async ({ logGroupName, logGroupClass }) => {
    if (!logs.streams.createGroup(logGroupName, logs.now(), logGroupClass)) {
      throw new FieldmarkError("LOG_EXISTS", "The specified log group already exists");
    }
    return NOTHING;
  };

export const createLogStream =
  ({ logs }: LogsContext): LogsServed["CreateLogStream"] =>
  async ({ logGroupName, logStreamName }) => {
    if (!logs.streams.createStream(logs.streams.group(logGroupName), logStreamName, "put", logs.now())) {
      throw new FieldmarkError("LOG_EXISTS", "The specified log stream already exists");
    }
    return NOTHING;
  };

export const describeLogGroups =
  ({ logs }: LogsContext): LogsServed["DescribeLogGroups"] =>
  async (input, call) => {
    if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
      throw invalidParameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
      );
    }
    const limit = input.limit ?? PAGE;
    const after = input.nextToken === undefined ? "" : readPageToken(input.nextToken, isNamePlace)[0];
    const wanted = input.logGroupIdentifiers?.map(groupOf);
    logs.refreshFollowed();
    const groups =
      input.logGroupNamePattern === undefined
        ? logs.streams.groups(input.logGroupNamePrefix ?? "", after, limit + 1)
        : logs.streams.groupsLike(input.logGroupNamePattern, after, limit + 1);
    const page = groups.slice(0, limit);
    const last = page.at(-1);
    return {
      logGroups: page
        .filter((group) => wanted === undefined || wanted.includes(group.name))
        .filter((group) => input.logGroupClass === undefined || group.class === input.logGroupClass)
        .map((group) => describedGroup({ group, call })),
      ...(groups.length > limit && last !== undefined && { nextToken: pageToken([last.name]) }),
    };
  };

export const describeLogStreams =
  (context: LogsContext): LogsServed["DescribeLogStreams"] =>
  async (input, call) => {
    const by = input.orderBy ?? "LogStreamName";
    if (by === "LastEventTime" && input.logStreamNamePrefix !== undefined) {
      throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    const { logs } = context;
    const group = namedGroup(context, input);
    const limit = input.limit ?? PAGE;
    const place = input.nextToken === undefined ? null : readPageToken(input.nextToken, isStreamPlace);
    if (by === "LastEventTime") logs.refreshFollowed();
    const rows = logs.streams.streams(group, {
      prefix: input.logStreamNamePrefix ?? "",
      order: { by, descending: input.descending ?? false },
      after: place === null ? null : { name: place[0], lastEventAt: place[1] },
      limit: limit + 1,
    });
    const page = logs.refresh(rows.slice(0, limit));
    const last = rows[limit - 1];
    return {
      logStreams: page.map((stream) => describedStream(stream, { group, call })),
      ...(rows.length > limit &&
        last !== undefined && { nextToken: pageToken([last.name, last.last_event_at ?? 0]) }),
    };
  };

interface Described {
  readonly group: GroupRow;
  readonly call: Call;
}

function describedGroup({ group, call }: Described): LogGroup {
  const arn = groupArn(call, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.created_at,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: group.stored_bytes,
    logGroupClass: group.class,
    logGroupArn: arn,
  };
}

function describedStream(stream: StreamRow, { group, call }: Described): LogStream {
  return {
    logStreamName: stream.name,
    creationTime: stream.created_at,
    ...(stream.first_event_at !== null && { firstEventTimestamp: stream.first_event_at }),
    ...(stream.last_event_at !== null && { lastEventTimestamp: stream.last_event_at }),
    ...(stream.last_ingested_at !== null && { lastIngestionTime: stream.last_ingested_at }),
    uploadSequenceToken: sequenceToken(stream),
    arn: `${groupArn(call, group.name)}:log-stream:${stream.name}`,
    // As AWS has answered for streams since 2019.
    storedBytes: 0,
  };
}

/** Still sent by old clients, and accepted whatever it is, as on AWS since 2023. */
export function sequenceToken({ id, size }: Pick<StreamRow, "id" | "size">): string {
  return String(49_000_000_000_000_000_000_000_000n + BigInt(id) * 1_000_000_000_000n + BigInt(size));
}

function isNamePlace(value: unknown): value is [string] {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === "string";
}

function isStreamPlace(value: unknown): value is [string, number] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === "string" &&
    Number.isSafeInteger(value[1])
  );
}
