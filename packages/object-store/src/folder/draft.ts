import { randomUUID } from "node:crypto";
import { closeSync, constants, fchmodSync, fstatSync, fsync, open as openFile } from "node:fs";
import { copyFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ABSENT, unless } from "./errno.ts";
import type { FilePiece } from "./file-orders.ts";
import { FileThread } from "./file-thread.ts";
import { receiveBody } from "./receive-body.ts";
import { identityOf } from "./sidecars.ts";

/** Mode of objects: what a job's link to one cannot be written through. */
const READ_ONLY = 0o444;

/** Not the one that hashes: an upload would wait while another's parts are joined. */
const joiner = new FileThread();

// Numbers of open files, not FileHandles, whose every call goes through the thread pool: see at-once.ts.
const open = promisify(openFile);
const flush = promisify(fsync);

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
    const md5 = await receiveBody({ file, path, offset: 0 }, body);
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

/** Pieces of other files one after another, as one. */
export async function joinedDraft(folder: string, pieces: readonly FilePiece[]): Promise<Draft> {
  const path = join(folder, randomUUID());
  const file = await open(path, "wx", READ_ONLY);
  const owned = own(path, file);
  try {
    const joining = joiner.begin();
    joining.order({ kind: "join", file, pieces });
    await joining.done;
    return { ...owned, ...describe(file) };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

/** A body in its place within a file of others, complete, not yet durable. Disposal closes the file. */
export interface PlacedBody extends AsyncDisposable {
  /** 16 bytes */
  readonly md5: Buffer;
  readonly lastModified: Date;
  /** Resolves when the body is durable. */
  sync(): Promise<void>;
}

/** Writes a body into a file from a byte on; the file is made where it is absent. null where its folder is. */
export async function writePlaced(
  path: string,
  body: AsyncIterable<Uint8Array>,
  offset: number,
): Promise<PlacedBody | null> {
  const file = await unless(ABSENT, open(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  if (file === null) return null;
  try {
    const md5 = await receiveBody({ file, path, offset }, body);
    return {
      md5,
      lastModified: fstatSync(file).mtime,
      sync: () => flush(file),
      [Symbol.asyncDispose]: async () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** A file that is complete as it is; null where it is absent or of another size. Its disposal leaves it where it is. */
export async function wholeDraft(path: string, size: number): Promise<Draft | null> {
  const file = await unless(ABSENT, open(path, "r"));
  if (file === null) return null;
  const described = describe(file);
  const dispose = async () => closeSync(file);
  if (described.size === size) return { ...own(path, file), ...described, [Symbol.asyncDispose]: dispose };
  await dispose();
  return null;
}
