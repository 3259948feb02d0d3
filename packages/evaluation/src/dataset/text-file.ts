import { readFile, stat } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";

const LIMIT = 256 * 1024 * 1024;

/**
 * A whole UTF-8 text file, without its byte-order mark.
 * @throws FILE_NOT_FOUND, FILE_TOO_LARGE (over 256 MB), FILE_UNREADABLE (a folder, no permission, not UTF-8)
 */
export async function readTextFile(path: string): Promise<string> {
  const size = await sizeOf(path);
  if (size > LIMIT)
    throw new FieldmarkError("FILE_TOO_LARGE", `${path}: ${size} bytes, expected at most ${LIMIT}`);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: ${reason(cause)}`, { file: path }, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: not UTF-8 text`, { file: path }, cause);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new FieldmarkError("FILE_UNREADABLE", `${path}: not a file`, { file: path });
    return found.size;
  } catch (cause) {
    if (cause instanceof FieldmarkError) throw cause;
    throw new FieldmarkError("FILE_NOT_FOUND", `${path}: ${reason(cause)}`, { file: path }, cause);
  }
}

/** The system's reason for a failed file operation, without the path that the message names already. */
export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ENOTDIR") return "a part of the path is not a folder";
  return cause.message;
}

/** True when there is a file at `path`. */
export async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** True when there is a folder at `path`. */
export async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
