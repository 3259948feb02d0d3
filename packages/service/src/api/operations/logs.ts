import type { LogsOperations } from "@fieldmark/contract";
import { type OperationTable, operationTable } from "../operation.ts";
import type { LogsContext } from "./logs-context.ts";
import { filterLogEvents } from "./logs-filter.ts";
import { getLogEvents } from "./logs-get.ts";
import { createLogGroup, createLogStream, describeLogGroups, describeLogStreams } from "./logs-names.ts";
import { putLogEvents } from "./logs-put.ts";

/** Every operation of CloudWatch Logs that is served. */
export const logsOperations = (context: LogsContext): OperationTable =>
  operationTable<LogsOperations>("Logs_20140328", {
    CreateLogGroup: createLogGroup(context),
    CreateLogStream: createLogStream(context),
    DescribeLogGroups: describeLogGroups(context),
    DescribeLogStreams: describeLogStreams(context),
    FilterLogEvents: filterLogEvents(context),
    GetLogEvents: getLogEvents(context),
    PutLogEvents: putLogEvents(context),
  });
