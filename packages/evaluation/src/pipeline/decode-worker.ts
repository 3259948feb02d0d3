import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import "sharp"; // loaded while the thread starts, not when the first picture comes
import { decodeForRecipe, fitPicture, scalePixels } from "@fieldmark/imaging";
import { reason } from "../dataset/text-file.ts";
import { thumbnail } from "../report/thumbnail.ts";
import type { DecodeAnswer, DecodeClose, DecodedPicture, DecodeTask } from "./decode-task.ts";

/** Reads, digests, decodes and resizes pictures in a thread of its own. */
parentPort?.on("message", (task: DecodeTask | DecodeClose) => {
  if (task.kind === "close") return parentPort?.close();
  answer(task).then(
    (message) => parentPort?.postMessage(message),
    (error: unknown) => parentPort?.postMessage(failure(task.id, error)),
  );
});

async function answer(task: DecodeTask): Promise<DecodeAnswer> {
  if (task.kind === "thumbnail") return { id: task.id, thumbnail: await thumbnail(task.path) };
  return { id: task.id, picture: await decode(task) };
}

async function decode({
  path,
  file,
  targets,
}: Extract<DecodeTask, { kind: "decode" }>): Promise<DecodedPicture> {
  const [first] = targets;
  if (first === undefined) throw new RangeError("a picture needs a recipe");
  const bytes = await read(path, file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const image = await decodeForRecipe(bytes, first.recipe, { file });
  const { data } = fitPicture(image, first.recipe);
  for (const { recipe, out } of targets) scalePixels(data, recipe, out);
  return { sha256, warnings: image.warnings };
}

async function read(path: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FieldmarkError("FILE_UNREADABLE", `${file}: ${reason(cause)}`, { file }, cause);
  }
}

function failure(id: number, error: unknown): DecodeAnswer {
  if (error instanceof FieldmarkError) return { id, error: error.toTransfer() };
  return { id, bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
