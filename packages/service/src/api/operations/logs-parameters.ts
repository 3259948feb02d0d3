import { FieldmarkError } from "@fieldmark/contract";
import type { GroupRow } from "../../logs/log-table.ts";
import type { Call } from "../operation.ts";
import type { LogsContext } from "./logs-context.ts";

export interface GroupParameters {
  readonly logGroupName?: string;
  readonly logGroupIdentifier?: string;
}

export function invalidParameter(message: string): FieldmarkError {
  return new FieldmarkError("LOG_PARAMETER", message);
}

/** @throws LOG_PARAMETER unless exactly one of name and identifier is given; LOG_GROUP_NOT_FOUND */
export function namedGroup(
  { logs }: LogsContext,
  { logGroupName, logGroupIdentifier }: GroupParameters,
): GroupRow {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  const name = logGroupName ?? (logGroupIdentifier === undefined ? undefined : groupOf(logGroupIdentifier));
  if (name === undefined) {
    throw invalidParameter("Either logGroupName or logGroupIdentifier must be specified");
  }
  return logs.streams.group(name);
}

/** A name, or the name in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with or without `:*`. */
export function groupOf(identifier: string): string {
  return identifier.startsWith("arn:") ? (identifier.split(":")[6] ?? "") : identifier;
}

export function groupArn({ region, accountId }: Call, group: string): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${group}`;
}

/** An opaque page token that holds `value`. */
export function pageToken(value: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * What `pageToken` was given, when it has the shape.
 * @throws LOG_PARAMETER
 */
export function readPageToken<T>(token: string, isShape: (value: unknown) => value is T): T {
  const value = parsedJson(Buffer.from(token, "base64url").toString());
  if (!isShape(value)) throw invalidParameter("The specified nextToken is invalid.");
  return value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
