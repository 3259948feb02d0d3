import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsync,
  open as openFile,
  write as writeFile,
  writev as writevFile,
} from "node:fs";
import { copyFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BodyMd5 } from "./body-md5.ts";
import { ABSENT, unless } from "./errno.ts";
import { FileThread } from "./file-thread.ts";
import { identityOf } from "./sidecars.ts";

/** Mode of objects: what a job's link to one cannot be written through. */
const READ_ONLY = 0o444;
/** Bytes gathered before one write. */
const WRITE_BYTES = 1 << 20;
/** Bytes after which the disk is set to work while more arrive. */
const FLUSH_BYTES = 64 << 20;

/** Not the one that hashes: an upload would wait while another's parts are joined. */
const joiner = new FileThread();

// Numbers of open files, not FileHandles, whose every call goes through the thread pool: see at-once.ts.
const open = promisify(openFile);
const flush = promisify(fsync);
const flushData = promisify(fdatasync);
const write = promisify(writeFile);
const writev = promisify(writevFile);

/**
 * A body on its way: a temporary file, complete, not yet durable or visible. Disposal closes it, and removes it unless it
 * was moved.
 */
export interface Draft extends AsyncDisposable {
  readonly path: string;
  readonly identity: string;
  readonly lastModified: Date;
  /** bytes */
  readonly size: number;
  /** Resolves when the body is durable; its name is when its folder is. */
  sync(): Promise<void>;
  moveTo(target: string): Promise<void>;
}

export interface ReceivedDraft extends Draft {
  /** 16 bytes */
  readonly md5: Buffer;
}

/** Writes a body to a new read-only file in `folder`. */
export async function writeDraft(folder: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedDraft> {
  const path = join(folder, randomUUID());
  const file = await open(path, "wx", READ_ONLY);
  const owned = own(path, file);
  try {
    const md5 = await receive({ file, path }, body);
    return { ...owned, ...describe(file), md5 };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

function own(
  path: string,
  file: number,
): Pick<Draft, "path" | "sync" | "moveTo" | typeof Symbol.asyncDispose> {
  let isMoved = false;
  return {
    path,
    sync: () => flush(file),
    async moveTo(target) {
      await rename(path, target);
      isMoved = true;
    },
    async [Symbol.asyncDispose]() {
      closeSync(file);
      if (!isMoved) await unless(ABSENT, unlink(path));
    },
  };
}

function describe(file: number): Pick<Draft, "identity" | "lastModified" | "size"> {
  const status = fstatSync(file, { bigint: true });
  // A umask may have taken bits away; the time of writing stays as it is.
  if ((Number(status.mode) & 0o777) !== READ_ONLY) fchmodSync(file, READ_ONLY);
  return { identity: identityOf(status), lastModified: status.mtime, size: Number(status.size) };
}

/** A copy of the file at `source`; the kernel copies, or shares the blocks where the file system can. */
export async function copyDraft(folder: string, source: string): Promise<Draft> {
  const path = join(folder, randomUUID());
  try {
    await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(path, "r");
    return { ...own(path, file), ...describe(file) };
  } catch (error) {
    await unless(ABSENT, unlink(path));
    throw error;
  }
}

/** Other files one after another, as one. */
export async function joinedDraft(folder: string, sources: readonly string[]): Promise<Draft> {
  const path = join(folder, randomUUID());
  const file = await open(path, "wx", READ_ONLY);
  const owned = own(path, file);
  try {
    const joining = joiner.begin();
    joining.order({ kind: "join", file, sources });
    await joining.done;
    return { ...owned, ...describe(file) };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

/** Gathers chunks while the ones before are being written; nothing is copied. Returns the md5. */
async function receive(
  { file, path }: { readonly file: number; readonly path: string },
  body: AsyncIterable<Uint8Array>,
): Promise<Buffer> {
  using md5 = new BodyMd5(path);
  const writeOut = async (chunks: readonly Uint8Array[], bytes: number) => {
    await writeAll(file, chunks);
    md5.written(bytes);
  };
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let unflushed = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let flushing: Promise<unknown> = Promise.resolve();
  try {
    for await (const chunk of body) {
      md5.received(chunk);
      if (chunk.length === 0) continue;
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes < WRITE_BYTES) continue;
      await writing;
      writing = inBackground(writeOut(gathered, bytes));
      unflushed += bytes;
      gathered = [];
      bytes = 0;
      if (unflushed >= FLUSH_BYTES) {
        await Promise.all([writing, flushing]);
        flushing = inBackground(flushData(file));
        unflushed = 0;
      }
    }
    await writing;
    if (bytes > 0) await writeOut(gathered, bytes);
    await flushing;
    return await md5.digest();
  } catch (error) {
    await Promise.allSettled([writing, flushing]);
    throw error;
  }
}

/** Awaited later: a failure until then is not an unhandled one. */
function inBackground<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Every byte, in order, behind what was written: a write may take fewer than it was given. */
async function writeAll(file: number, chunks: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten } = await writev(file, chunks);
  for (const chunk of chunks) {
    if (bytesWritten >= chunk.length) {
      bytesWritten -= chunk.length;
      continue;
    }
    let rest = chunk.subarray(bytesWritten);
    bytesWritten = 0;
    while (rest.length > 0) rest = rest.subarray((await write(file, rest)).bytesWritten);
  }
}
