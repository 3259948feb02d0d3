import type { LogsOperations } from "@fieldmark/contract";
import type { Logs } from "../../logs/logs.ts";
import type { OperationsOf } from "../operation.ts";

/** What the operations of CloudWatch Logs work on. */
export interface LogsContext {
  readonly logs: Logs;
}

export type LogsServed = OperationsOf<LogsOperations>;
