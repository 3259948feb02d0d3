import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { reason } from "./dataset/text-file.ts";

/**
 * Writes a whole file or nothing: to a temporary name beside it, synced, then renamed.
 * @param chunks text or bytes, in order
 * @throws DISK when it cannot be written
 */
export async function writeWhole(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the folder itself may be the trouble
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new FieldmarkError("DISK", `${path}: cannot be written: ${reason(cause)}`, { file: path }, cause);
  }
}

/** JSON as people read it, with a line end. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeWhole(path, [`${JSON.stringify(value, null, 2)}\n`]);
}
