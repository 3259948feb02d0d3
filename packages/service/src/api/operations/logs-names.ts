import { FieldmarkError } from "@fieldmark/contract";
import type { GroupRow, StreamRow } from "../../logs/log-table.ts";
import type { LogsContext } from "./logs.ts";
import {
  type GroupParameters,
  groupArn,
  groupOf,
  invalidParameter,
  namedGroup,
  pageToken,
  readPageToken,
} from "./logs-parameters.ts";

const PAGE = 50;

export async function createLogGroup(
  { logs }: LogsContext,
  input: { readonly logGroupName: string; readonly logGroupClass?: string },
): Promise<object> {
  if (!logs.streams.createGroup(input.logGroupName, logs.now(), input.logGroupClass)) {
    throw new FieldmarkError("LOG_EXISTS", "The specified log group already exists");
  }
  return {};
}

export async function createLogStream(
  { logs }: LogsContext,
  input: { readonly logGroupName: string; readonly logStreamName: string },
): Promise<object> {
  const group = logs.streams.group(input.logGroupName);
  if (!logs.streams.createStream(group, input.logStreamName, "put", logs.now())) {
    throw new FieldmarkError("LOG_EXISTS", "The specified log stream already exists");
  }
  return {};
}

export async function describeLogGroups(
  context: LogsContext,
  input: {
    readonly logGroupNamePrefix?: string;
    readonly logGroupNamePattern?: string;
    readonly logGroupIdentifiers?: readonly string[];
    readonly logGroupClass?: string;
    readonly limit?: number;
    readonly nextToken?: string;
  },
): Promise<object> {
  if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
    throw invalidParameter(
      "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    );
  }
  const { logs } = context;
  const limit = input.limit ?? PAGE;
  const after = input.nextToken === undefined ? "" : readPageToken(input.nextToken, isNamePlace)[0];
  const wanted = input.logGroupIdentifiers?.map(groupOf);
  const groups =
    input.logGroupNamePattern === undefined
      ? logs.streams.groups(input.logGroupNamePrefix ?? "", after, limit + 1)
      : logs.streams.groupsLike(input.logGroupNamePattern, after, limit + 1);
  const page = groups.slice(0, limit);
  const last = page.at(-1);
  logs.refreshFollowed();
  return {
    logGroups: page
      .filter((group) => wanted === undefined || wanted.includes(group.name))
      .filter((group) => input.logGroupClass === undefined || group.class === input.logGroupClass)
      .map((group) => describedGroup(context, group)),
    ...(groups.length > limit && last !== undefined && { nextToken: pageToken([last.name]) }),
  };
}

export async function describeLogStreams(
  context: LogsContext,
  input: GroupParameters & {
    readonly logStreamNamePrefix?: string;
    readonly orderBy?: "LogStreamName" | "LastEventTime";
    readonly descending?: boolean;
    readonly limit?: number;
    readonly nextToken?: string;
  },
): Promise<object> {
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
    logStreams: page.map((stream) => describedStream(context, group, stream)),
    ...(rows.length > limit &&
      last !== undefined && { nextToken: pageToken([last.name, last.last_event_at ?? 0]) }),
  };
}

function describedGroup(context: LogsContext, group: GroupRow): object {
  const arn = groupArn(context, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.created_at,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: context.logs.streams.storedBytes(group),
    logGroupClass: group.class,
    logGroupArn: arn,
  };
}

function describedStream(context: LogsContext, group: GroupRow, stream: StreamRow): object {
  return {
    logStreamName: stream.name,
    creationTime: stream.created_at,
    ...(stream.first_event_at !== null && { firstEventTimestamp: stream.first_event_at }),
    ...(stream.last_event_at !== null && { lastEventTimestamp: stream.last_event_at }),
    ...(stream.last_ingested_at !== null && { lastIngestionTime: stream.last_ingested_at }),
    uploadSequenceToken: sequenceToken(stream),
    arn: `${groupArn(context, group.name)}:log-stream:${stream.name}`,
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
