import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { SHARES_FOLDER } from "@fieldmark/evaluation";
import type { CliContext } from "../context.ts";

/**
 * The files of shares that paths mean: each a file, a folder of shares, or an output folder that holds one.
 * @throws FILE_NOT_FOUND
 */
export async function shareFiles(context: CliContext, paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => filesAt(resolve(context.cwd, path))));
  return found.flat();
}

async function filesAt(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new FieldmarkError("FILE_NOT_FOUND", `${path}: no such file or folder`, { file: path });
  if (found.isFile()) return [path];
  for (const folder of [path, join(path, SHARES_FOLDER)]) {
    const names = (await readdir(folder).catch(() => [])).filter(isShare);
    if (names.length > 0) return names.sort().map((name) => join(folder, name));
  }
  throw new FieldmarkError("FILE_NOT_FOUND", `${path}: holds no share (such as 2-of-3.parquet)`, {
    file: path,
  });
}

/** A name as `fieldmark evaluate` gives it to the file of a share. */
export function isShare(name: string): boolean {
  return /(^|\/)\d+-of-\d+\.parquet$/.test(name);
}
