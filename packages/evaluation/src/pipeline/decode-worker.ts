import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import { preprocessImage } from "@fieldmark/imaging";
import { reason } from "../dataset/text-file.ts";
import type { DecodeAnswer, DecodedPicture, DecodeTask } from "./decode-task.ts";

/** Reads, digests, decodes and resizes one picture at a time, in a thread of its own. */
parentPort?.on("message", (task: DecodeTask) => {
  decode(task).then(
    (picture) => answer({ id: task.id, ok: true, ...picture }, [picture.pixels.buffer]),
    (error: unknown) => answer(failure(task.id, error), []),
  );
});

function answer(message: DecodeAnswer, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, [...transfer]);
}

async function decode({ path, file, preprocessing }: DecodeTask): Promise<DecodedPicture> {
  const bytes = await read(path, file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { height, width } = preprocessing.size;
  const out = new Float32Array(height * width * 3);
  const { warnings } = await preprocessImage(bytes, preprocessing, { file, out });
  return { sha256, pixels: out, warnings };
}

async function read(path: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FieldmarkError("FILE_UNREADABLE", `${file}: ${reason(cause)}`, { file }, cause);
  }
}

function failure(id: number, error: unknown): DecodeAnswer {
  if (error instanceof FieldmarkError) return { id, ok: false, error: error.toTransfer() };
  return { id, ok: false, bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
