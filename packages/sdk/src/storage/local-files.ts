import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";

/** A file that becomes an object. */
export interface LocalFile {
  readonly path: string;
  /** Below the folder that was given, with "/": "test/017.Cardinal/1.jpg". */
  readonly name: string;
  /** bytes */
  readonly size: number;
}

export interface LocalTree {
  readonly kind: "file" | "folder";
  /** In the order of their names. */
  readonly files: readonly LocalFile[];
}

/**
 * The files at a path: itself, or all below it. Links to files are followed, links to folders are not.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function localTree(path: string): Promise<LocalTree> {
  const found = await statOf(path);
  if (found === null)
    throw new FieldmarkError("FILE_NOT_FOUND", `${path}: there is no such file or folder`, { path });
  if (found.isFile()) return { kind: "file", files: [{ path, name: basename(path), size: found.size }] };
  if (!found.isDirectory())
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: expected a file or a folder`, { path });
  const files: LocalFile[] = [];
  for await (const at of filesBelow(path)) {
    const info = await statOf(at);
    if (info?.isFile())
      files.push({ path: at, name: relative(path, at).split(sep).join("/"), size: info.size });
  }
  return { kind: "folder", files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Files and links, folder by folder: from Node 26 on a recursive readdir follows links to folders. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(at);
    else if (entry.isFile() || entry.isSymbolicLink()) yield at;
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: ${String(error)}`, { path }, error);
  }
}
