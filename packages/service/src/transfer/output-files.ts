import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { hasCode } from "./place-files.ts";

/** A regular file of an output, seen but not opened. */
export interface OutputFile {
  /** Below LocalPath, bytes as on disk. */
  readonly path: Buffer;
  /** Changes whenever the file's content may have changed; a program cannot set a change time. */
  readonly version: string;
  /** epoch ms */
  readonly changedAt: number;
  /** null when it is gone or no regular file any more. Only until the next file is asked for. */
  open(): Promise<FileHandle | null>;
}

/** A folder or file of the output that could not be read. */
export interface Unreadable {
  readonly path: Buffer;
  readonly reason: string;
}

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;
/** S3's limit of a key; what lies deeper cannot be an object. */
const MAX_PATH_BYTES = 1024;

/**
 * Regular files of `root/path`, while a program that is no friend may still change it. Each folder is opened, never
 * followed, from its opened parent, and files from their opened folder, so that no exchange for a symbolic link leads
 * outside. Where there is no /proc (macOS), paths are used, each part checked not to be a link when it is opened.
 *
 * @param root trusted; `path` below it is the program's
 */
export async function* outputFiles(root: string, path: string): AsyncGenerator<OutputFile | Unreadable> {
  const opened: Folder[] = [];
  try {
    let at = await openFolder(Buffer.from(root));
    for (const segment of path.split("/")) {
      if (at === null) return;
      opened.push(at);
      at = await openFolder(inside(at, Buffer.from(segment)));
    }
    if (at === null) return;
    opened.push(at);
    yield* filesIn(at, Buffer.alloc(0));
  } finally {
    for (const folder of opened) await folder.handle.close();
  }
}

interface Folder {
  readonly handle: FileHandle;
  readonly path: Buffer;
}

async function* filesIn(folder: Folder, below: Buffer): AsyncGenerator<OutputFile | Unreadable> {
  const names = await readdir(inside(folder, Buffer.from(".")), { encoding: "buffer" });
  for (const name of names.sort(Buffer.compare)) {
    const path = below.length === 0 ? name : Buffer.concat([below, Buffer.from("/"), name]);
    if (path.length > MAX_PATH_BYTES) {
      yield { path, reason: `its path is longer than ${MAX_PATH_BYTES} bytes` };
      continue;
    }
    try {
      const stat = await lstat(inside(folder, name), { bigint: true });
      if (!stat.isDirectory() && !stat.isFile()) continue;
      if (stat.isFile()) {
        yield file(folder, { name, path, stat });
        continue;
      }
    } catch (error) {
      if (hasCode(error, "ENOENT")) continue;
      if (!hasCode(error, "EACCES")) throw error;
      yield { path, reason: "permission denied" };
      continue;
    }
    yield* filesOfChild(folder, { name, path });
  }
}

async function* filesOfChild(
  folder: Folder,
  { name, path }: { readonly name: Buffer; readonly path: Buffer },
): AsyncGenerator<OutputFile | Unreadable> {
  let child: Folder | null;
  try {
    child = await openFolder(inside(folder, name));
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
    yield { path, reason: "permission denied" };
    return;
  }
  if (child === null) return;
  try {
    yield* filesIn(child, path);
  } finally {
    await child.handle.close();
  }
}

function file(
  folder: Folder,
  { name, path, stat }: { readonly name: Buffer; readonly path: Buffer; readonly stat: BigIntStats },
): OutputFile {
  return {
    path,
    version: [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join("-"),
    changedAt: Number(stat.ctimeMs),
    async open() {
      // O_NONBLOCK: a FIFO put in the file's place must not hold us.
      const handle = await openUnlessGone(inside(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      if (handle === null || (await handle.stat()).isFile()) return handle;
      await handle.close();
      return null;
    },
  };
}

/** null when it is gone, or no folder, or a link to one. */
async function openFolder(path: Buffer): Promise<Folder | null> {
  const handle = await openUnlessGone(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  return handle === null ? null : { handle, path };
}

async function openUnlessGone(path: Buffer, flags: number): Promise<FileHandle | null> {
  try {
    return await open(path, flags);
  } catch (error) {
    // ENXIO: a socket; ENOTDIR, ELOOP: exchanged for something else.
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].some((code) => hasCode(error, code))) return null;
    throw error;
  }
}

/** `name` in an opened folder, wherever that folder is now. */
function inside({ handle, path }: Folder, name: Buffer): Buffer {
  const folder = process.platform === "linux" ? Buffer.from(`/proc/self/fd/${handle.fd}`) : path;
  return Buffer.concat([folder, Buffer.from("/"), name]);
}
