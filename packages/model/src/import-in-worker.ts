import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { Filled } from "./cache/import-cache.ts";
import type { ImportAnswer, ImportOrder, LoadStep } from "./import-messages.ts";
import type { ImportRecord } from "./import-record.ts";

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: LoadStep) => void) | undefined;
}

/**
 * Reads a model, translates it and writes the ONNX files into a folder, all in a worker thread.
 * @throws what reading and translating throw; INTERRUPTED when the signal aborts
 */
export async function importInWorker(
  order: ImportOrder,
  { signal, onStep }: ImportOptions,
): Promise<Filled<ImportRecord>> {
  if (signal?.aborted === true) throw interrupted();
  const entry = createRequire(import.meta.url).resolve("@fieldmark/model/import-worker");
  const worker = new Worker(entry, { workerData: order, execArgv: [] });
  let onAbort = () => {};
  try {
    return await new Promise<Filled<ImportRecord>>((resolve, reject) => {
      onAbort = () => reject(interrupted());
      signal?.addEventListener("abort", onAbort, { once: true });
      worker.on("message", (answer: ImportAnswer) => {
        if ("step" in answer) onStep?.(answer.step);
        else if ("error" in answer) reject(FieldmarkError.fromTransfer(answer.error));
        else resolve(answer.filled);
      });
      worker.on("error", reject);
      worker.on("exit", (code) => reject(new Error(`the import's thread ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}

function interrupted(): FieldmarkError {
  return new FieldmarkError("INTERRUPTED", "interrupted while the model was imported");
}
