import { parentPort, workerData } from "node:worker_threads";
import { FieldmarkError, type TransferredError } from "@fieldmark/contract";
import { type ParquetColumns, parquetColumns } from "./parquet-columns.ts";

export type ParquetAnswer =
  | { readonly columns: ParquetColumns }
  | { readonly error: TransferredError }
  /** A bug: whatever was thrown, as text. */
  | { readonly bug: string };

/** Reads the one file that `workerData` names, and ends. */
const answer: ParquetAnswer = await parquetColumns(String(workerData)).then(
  (columns) => ({ columns }),
  (error: unknown) =>
    error instanceof FieldmarkError
      ? { error: error.toTransfer() }
      : { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) },
);
parentPort?.postMessage(answer);
