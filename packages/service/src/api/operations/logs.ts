import type { Logs } from "../../logs/logs.ts";
import { filterLogEvents } from "./logs-filter.ts";
import { getLogEvents } from "./logs-get.ts";
import { createLogGroup, createLogStream, describeLogGroups, describeLogStreams } from "./logs-names.ts";
import { putLogEvents } from "./logs-put.ts";

/** What the operations work on: the logs, and whose they are. */
export interface LogsContext {
  readonly logs: Logs;
  readonly region: string;
  readonly accountId: string;
}

export type LogsOperation = (input: unknown) => Promise<object>;

/** The operations of CloudWatch Logs by X-Amz-Target. Their input has passed the service model's validation. */
export function logsOperations(context: LogsContext): ReadonlyMap<string, LogsOperation> {
  const served =
    <Input>(run: (context: LogsContext, input: Input) => Promise<object>): LogsOperation =>
    (input) =>
      run(context, input as Input);
  return new Map([
    ["Logs_20140328.CreateLogGroup", served(createLogGroup)],
    ["Logs_20140328.CreateLogStream", served(createLogStream)],
    ["Logs_20140328.DescribeLogGroups", served(describeLogGroups)],
    ["Logs_20140328.DescribeLogStreams", served(describeLogStreams)],
    ["Logs_20140328.FilterLogEvents", served(filterLogEvents)],
    ["Logs_20140328.GetLogEvents", served(getLogEvents)],
    ["Logs_20140328.PutLogEvents", served(putLogEvents)],
  ]);
}
