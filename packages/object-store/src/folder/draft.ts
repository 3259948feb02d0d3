import { createHash, randomUUID } from "node:crypto";
import { constants, copyFile, type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ABSENT, unless } from "./errno.ts";
import { identityOf } from "./sidecars.ts";

/** Mode of objects: what a job's link to one cannot be written through. */
const READ_ONLY = 0o444n;
/** Bytes gathered before one write. */
const WRITE_BYTES = 1 << 20;
/** Bytes after which the disk is set to work while more arrive. */
const FLUSH_BYTES = 64 << 20;

/** A body on its way: a temporary file, complete, not yet durable or visible. */
export interface Draft extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  readonly identity: string;
  readonly lastModified: Date;
  /** bytes */
  readonly size: number;
}

export interface ReceivedDraft extends Draft {
  /** 16 bytes */
  readonly md5: Buffer;
}

/** Writes a body to a new read-only file in `folder`. Disposal closes it and removes it unless it was renamed. */
export async function writeDraft(folder: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedDraft> {
  const path = join(folder, randomUUID());
  const handle = await open(path, "wx", Number(READ_ONLY));
  const dispose = async (): Promise<void> => {
    await handle.close();
    await unless(ABSENT, unlink(path));
  };
  try {
    const md5 = await receive(handle, body);
    return { ...(await describe(handle)), md5, path, handle, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function describe(handle: FileHandle): Promise<Pick<Draft, "identity" | "lastModified" | "size">> {
  const status = await handle.stat({ bigint: true });
  // A umask may have taken bits away; the time of writing stays as it is.
  if ((status.mode & 0o777n) !== READ_ONLY) await handle.chmod(Number(READ_ONLY));
  return { identity: identityOf(status), lastModified: status.mtime, size: Number(status.size) };
}

/** A copy of the file at `source`; the kernel copies, or shares the blocks where the file system can. */
export async function copyDraft(folder: string, source: string): Promise<Draft> {
  const path = join(folder, randomUUID());
  try {
    await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const handle = await open(path, "r");
    const dispose = async (): Promise<void> => {
      await handle.close();
      await unless(ABSENT, unlink(path));
    };
    return { ...(await describe(handle)), path, handle, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await unless(ABSENT, unlink(path));
    throw error;
  }
}

/** Hashes and gathers chunks while the ones before are being written; nothing is copied. Returns the md5. */
async function receive(handle: FileHandle, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const hash = createHash("md5");
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let unflushed = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let flushing: Promise<unknown> = Promise.resolve();
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      if (chunk.length === 0) continue;
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes < WRITE_BYTES) continue;
      await writing;
      writing = inBackground(writeAll(handle, gathered));
      unflushed += bytes;
      gathered = [];
      bytes = 0;
      if (unflushed >= FLUSH_BYTES) {
        await Promise.all([writing, flushing]);
        flushing = inBackground(handle.datasync());
        unflushed = 0;
      }
    }
    await writing;
    if (bytes > 0) await writeAll(handle, gathered);
    await flushing;
  } catch (error) {
    await Promise.allSettled([writing, flushing]);
    throw error;
  }
  return hash.digest();
}

/** Awaited later: a failure until then is not an unhandled one. */
function inBackground<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Every byte, in order, behind what was written: a write may take fewer than it was given. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten } = await handle.writev(chunks);
  for (const chunk of chunks) {
    if (bytesWritten >= chunk.length) {
      bytesWritten -= chunk.length;
      continue;
    }
    let rest = chunk.subarray(bytesWritten);
    bytesWritten = 0;
    while (rest.length > 0) rest = rest.subarray((await handle.write(rest)).bytesWritten);
  }
}
