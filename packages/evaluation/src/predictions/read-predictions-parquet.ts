import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { ParquetColumns } from "./parquet-columns.ts";
import type { ParquetAnswer } from "./parquet-worker.ts";
import { SavedRows } from "./saved-rows.ts";

const WORKER = createRequire(import.meta.url).resolve("@fieldmark/evaluation/parquet-worker");
const MEBIBYTE = 1024 * 1024;
const FILE_LIMIT = 512 * MEBIBYTE;
/** A good file takes a small part of this; what takes longer is made to. */
const MILLISECONDS = 10_000;
const MILLISECONDS_PER_MEBIBYTE = 1000;
const HEAP_MEBIBYTES = 4096;

/** Rows of a Parquet file, and the class names in its metadata where we wrote it. */
export interface ParquetPredictions {
  readonly rows: SavedRows;
  readonly classNames: readonly string[] | null;
  /** JSON of an instance's share, where it is one. */
  readonly share: string | null;
}

/**
 * Rows of a Parquet file, uncompressed or Snappy (pandas' default), of any numeric type.
 * @throws PREDICTIONS_INVALID, FILE_TOO_LARGE
 */
export async function readPredictionsParquet(file: string): Promise<ParquetPredictions> {
  const { size } = await stat(file);
  if (size > FILE_LIMIT)
    throw new FieldmarkError("FILE_TOO_LARGE", `${file}: ${size} bytes, expected at most ${FILE_LIMIT}`);
  const { header, count, columns, classNames, share } = await readInThread(
    file,
    MILLISECONDS + Math.ceil(size / MEBIBYTE) * MILLISECONDS_PER_MEBIBYTE,
  );
  const rows = new SavedRows(basename(file), header);
  for (let row = 0; row < count; row++) rows.add(row + 1, (place) => columns.get(place)?.[row]);
  return { rows, classNames, share };
}

/** Counts in a damaged file can keep the reader busy for ever: its thread is ended at the deadline. */
async function readInThread(file: string, deadline: number): Promise<ParquetColumns> {
  const worker = new Worker(WORKER, {
    workerData: file,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
  });
  const invalid = (why: string, cause?: unknown) =>
    new FieldmarkError(
      "PREDICTIONS_INVALID",
      `${file}: not a Parquet file that can be read: ${why}`,
      { file },
      cause,
    );
  try {
    const [answer] = (await once(worker, "message", {
      signal: AbortSignal.timeout(deadline),
    }).catch((cause: unknown) => {
      if (cause instanceof Error && "code" in cause && cause.code === "ABORT_ERR")
        throw invalid(`it takes longer than ${(deadline / 1000).toFixed(0)} s`, cause);
      if (cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY")
        throw invalid("it takes too much memory", cause);
      throw cause;
    })) as [ParquetAnswer];
    if ("error" in answer) throw FieldmarkError.fromTransfer(answer.error);
    if ("bug" in answer) throw new Error(answer.bug);
    return answer.columns;
  } finally {
    await worker.terminate();
  }
}
