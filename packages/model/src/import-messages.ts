import type { TransferredError } from "@fieldmark/contract";
import type { Filled } from "./cache/import-cache.ts";
import type { ImportRecord } from "./import-record.ts";

/** What an import worker is to do; its workerData. */
export interface ImportOrder {
  readonly path: string;
  readonly signature: string | undefined;
  /** An empty folder for the ONNX files. */
  readonly folder: string;
}

/** Parts of loading a model, in order; a cached one goes from "digest" to "open". */
export type LoadStep = "digest" | "read" | "translate" | "write" | "open";

export type ImportAnswer =
  | { readonly step: LoadStep }
  | { readonly filled: Filled<ImportRecord> }
  | { readonly error: TransferredError };
