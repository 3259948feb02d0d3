import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";

/** Most bytes of one write: the kernel takes at most 2 GiB. */
const CHUNK = 64 * 2 ** 20;

/**
 * Writes a whole file or nothing: to a temporary name beside it, synced, then renamed.
 * @throws DISK when it cannot be written
 */
export async function writeWhole(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await writePieces(file, pieces);
      await file.sync();
      await file.close();
      await rename(temporary, path);
    } catch (cause) {
      await file.close();
      await rm(temporary, { force: true });
      throw cause;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FieldmarkError("DISK", `${path}: cannot be written: ${why}`, { file: path }, cause);
  }
}

async function writePieces(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      at += (await file.write(piece, at, Math.min(CHUNK, piece.length - at))).bytesWritten;
    }
  }
}
