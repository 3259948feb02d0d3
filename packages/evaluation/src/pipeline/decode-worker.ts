import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import { decodeForRecipe, fitPicture, scalePixels } from "@fieldmark/imaging";
import { reason } from "../dataset/text-file.ts";
import type { DecodeAnswer, DecodedPicture, DecodeTask } from "./decode-task.ts";

/** Reads, digests, decodes and resizes one picture at a time, in a thread of its own. */
parentPort?.on("message", (task: DecodeTask) => {
  decode(task).then(
    (picture) =>
      answer(
        { id: task.id, ok: true, ...picture },
        picture.tensors.map((tensor) => tensor.buffer),
      ),
    (error: unknown) => answer(failure(task.id, error), []),
  );
});

function answer(message: DecodeAnswer, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, [...transfer]);
}

async function decode({ path, file, recipes: [first, ...others] }: DecodeTask): Promise<DecodedPicture> {
  if (first === undefined) throw new RangeError("a picture needs a recipe");
  const bytes = await read(path, file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const image = await decodeForRecipe(bytes, first, { file });
  const fitted = fitPicture(image, first);
  const tensors = [first, ...others].map((recipe) => {
    const { height, width } = recipe.size;
    const out = new Float32Array(height * width * 3);
    scalePixels(fitted.data, recipe, out);
    return out;
  });
  return { sha256, tensors, warnings: image.warnings };
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
