import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "@node-rs/crc32";
import type { WrittenFile } from "../onnx/write-model.ts";
import { writeWhole } from "../write-whole.ts";

/** What an entry says of itself; the record is the importer's. */
export interface EntryManifest<R> {
  readonly files: readonly WrittenFile[];
  readonly record: R;
}

/** Written last, so that a folder with it is complete. */
export const MANIFEST_FILE = "import.json";
const MAX_MANIFEST_BYTES = 64 * 2 ** 20;

export async function writeManifest<R>(folder: string, { files, record }: EntryManifest<R>): Promise<void> {
  const checksum = checksumOf({ files, record });
  const text = JSON.stringify({ checksum, files, record });
  await writeWhole(join(folder, MANIFEST_FILE), [new TextEncoder().encode(text)]);
}

/** The manifest of an entry, or null when it is absent or damaged, or a file has not the size it was written with. */
export async function readManifest<R>(folder: string): Promise<EntryManifest<R> | null> {
  try {
    const path = join(folder, MANIFEST_FILE);
    if ((await stat(path)).size > MAX_MANIFEST_BYTES) return null;
    const { checksum, files, record } = JSON.parse(await readFile(path, "utf8")) as EntryManifest<R> & {
      checksum: unknown;
    };
    if (checksum !== checksumOf({ files, record })) return null;
    for (const { name, bytes } of files) {
      if ((await stat(join(folder, name))).size !== bytes) return null;
    }
    return { files, record };
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError || isFileProblem(cause)) return null;
    throw cause;
  }
}

/** True when every file still holds the bytes that were written; read at the speed of memory when it was used lately. */
export async function isIntact(folder: string, files: readonly WrittenFile[]): Promise<boolean> {
  const chunk = new Uint8Array(CHUNK);
  for (const { name, crc32c: expected } of files) {
    const file = await open(join(folder, name), "r").catch((cause: unknown) => {
      if (isFileProblem(cause)) return null;
      throw cause;
    });
    if (file === null) return false;
    try {
      let checksum = 0;
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK);
        if (bytesRead === 0) break;
        checksum = crc32c(chunk.subarray(0, bytesRead), checksum);
      }
      if (checksum !== expected) return false;
    } finally {
      await file.close();
    }
  }
  return true;
}

const CHUNK = 1024 * 1024;

function checksumOf(manifest: EntryManifest<unknown>): number {
  return crc32c(JSON.stringify([manifest.files, manifest.record]));
}

function isFileProblem(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}
