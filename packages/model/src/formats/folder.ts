import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { fileProblem } from "../file-problem.ts";
import type { OpenOptions } from "./archive.ts";
import { ARCHIVE_LIMITS, archiveHazard } from "./archive-entry.ts";
import { isModelFile, type ModelFiles } from "./model-files.ts";

const READ_BYTES = 8 * 1024 ** 2;
/** How far below the folder files are looked for: `folder/1/assets/…`. */
const MAX_FOLDERS = 4;

interface FoundFile {
  readonly name: string;
  readonly size: number;
}

/**
 * Reads the files of a model from a folder.
 *
 * The digest is SHA-256 over the files that are kept, in order of their paths (by UTF-8 bytes, "/" between
 * folders), each as its path, a zero byte, its size in decimal, a zero byte, and its contents.
 * @throws FILE_UNREADABLE, FILE_TOO_LARGE, ARCHIVE_HAZARD for a symbolic link that leads out of the folder
 */
export async function openFolder(
  path: string,
  { signal, limits = ARCHIVE_LIMITS }: OpenOptions = {},
): Promise<ModelFiles> {
  const found = await listFolder(path, signal);
  const hash = createHash("sha256");
  const files = new Map<string, Uint8Array>();
  for (const { name, size } of found.kept) {
    if (size > limits.fileBytes) {
      throw new FieldmarkError(
        "FILE_TOO_LARGE",
        `${join(path, name)} has ${size} bytes, limit ${limits.fileBytes}`,
      );
    }
    const buffer = new Uint8Array(size);
    await eachChunk(join(path, name), size, { hash, name, signal, buffer });
    files.set(name, buffer);
  }
  return { files, names: found.names, digest: `sha256:${hash.digest("hex")}` };
}

/** The digest that `openFolder` gives, without keeping anything. */
export async function digestFolder(path: string, { signal }: OpenOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  for (const { name, size } of (await listFolder(path, signal)).kept) {
    await eachChunk(join(path, name), size, { hash, name, signal, buffer: null });
  }
  return `sha256:${hash.digest("hex")}`;
}

interface ReadOptions {
  readonly hash: Hash;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly buffer: Uint8Array | null;
}

async function eachChunk(
  path: string,
  size: number,
  { hash, name, signal, buffer }: ReadOptions,
): Promise<void> {
  hash.update(`${name}\0${size}\0`);
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const chunk = buffer === null ? Buffer.allocUnsafe(Math.min(READ_BYTES, size)) : null;
    for (let at = 0; at < size; ) {
      signal?.throwIfAborted();
      const target = chunk ?? buffer?.subarray(at, at + READ_BYTES) ?? new Uint8Array(0);
      const { bytesRead } = await file.read(target, 0, Math.min(target.length, size - at), at);
      if (bytesRead === 0)
        throw new FieldmarkError("FILE_UNREADABLE", `${path}: became shorter while it was read`);
      hash.update(target.subarray(0, bytesRead));
      at += bytesRead;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof FieldmarkError ? error : fileProblem(path, error);
  } finally {
    await file?.close();
  }
}

async function listFolder(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly kept: readonly FoundFile[]; readonly names: readonly string[] }> {
  const names: string[] = [];
  const kept: FoundFile[] = [];
  const root = await realpath(path).catch((error: unknown) => {
    throw fileProblem(path, error);
  });
  const waiting = [{ folder: "", depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal?.throwIfAborted();
    for (const entry of await children(path, next.folder)) {
      const name = next.folder === "" ? entry.name : `${next.folder}/${entry.name}`;
      if (entry.isDirectory() && next.depth < MAX_FOLDERS)
        waiting.push({ folder: name, depth: next.depth + 1 });
      const file = entry.isFile() || entry.isSymbolicLink() ? await fileSize(path, name) : null;
      if (file === null) continue;
      names.push(name);
      if (names.length > ARCHIVE_LIMITS.entries) {
        throw archiveHazard(path, "too many entries", `more than ${ARCHIVE_LIMITS.entries} files`);
      }
      if (!isModelFile(name, file)) continue;
      if (entry.isSymbolicLink()) await refuseOutside(path, root, name);
      kept.push({ name, size: file });
    }
  }
  const byBytes = (a: FoundFile, b: FoundFile): number =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
  return { kept: kept.sort(byBytes), names: names.sort() };
}

async function children(path: string, folder: string): Promise<Awaited<ReturnType<typeof readFolder>>> {
  return readFolder(join(path, folder)).catch((error: unknown) => {
    throw fileProblem(join(path, folder), error);
  });
}

const readFolder = (path: string) => readdir(path, { withFileTypes: true });

/** Size of a regular file; null for folders, devices, and links that lead nowhere. */
async function fileSize(path: string, name: string): Promise<number | null> {
  try {
    const found = await stat(join(path, name));
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ELOOP"))
      return null;
    throw fileProblem(join(path, name), error);
  }
}

async function refuseOutside(path: string, root: string, name: string): Promise<void> {
  const target = await realpath(join(path, name));
  if (target.startsWith(root + sep)) return;
  throw archiveHazard(path, "symbolic link", `"${name}" leads out of the folder, to ${target}`);
}
