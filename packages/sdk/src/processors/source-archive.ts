import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { FieldmarkError } from "@fieldmark/contract";
import { pack } from "tar-stream";
import { localPath } from "../jobs/processing-input.ts";
import { type LocalFile, localTree } from "../storage/local-files.ts";

export interface Source {
  readonly code: string;
  readonly sourceDir?: string;
  readonly dependencies?: readonly string[];
}

/**
 * The sources of a job as sourcedir.tar.gz: the folder's files, or the one script, and the dependencies beside them.
 *
 * @returns the archive, and the script's path in it
 * @throws FILE_NOT_FOUND; REQUEST_INVALID when the script is not in the folder
 */
export async function packSource({
  code,
  sourceDir,
  dependencies = [],
}: Source): Promise<{ readonly archive: Readable; readonly entry: string }> {
  const files = [
    ...(sourceDir === undefined ? await fileAt(code) : await folderAt(sourceDir)),
    ...(await Promise.all(dependencies.map(dependencyAt))).flat(),
  ];
  const entry = sourceDir === undefined ? basename(localPath(code)) : code;
  if (!files.some(({ name }) => name === entry))
    throw new FieldmarkError(
      "REQUEST_INVALID",
      `code "${code}": expected a file in sourceDir "${sourceDir}"`,
    );
  return { archive: archiveOf(files), entry };
}

async function fileAt(code: string): Promise<readonly LocalFile[]> {
  const { kind, files } = await localTree(localPath(code));
  if (kind === "folder")
    throw new FieldmarkError("REQUEST_INVALID", `code "${code}": expected a file, found a folder`, { code });
  return files;
}

async function folderAt(sourceDir: string): Promise<readonly LocalFile[]> {
  const { kind, files } = await localTree(localPath(sourceDir));
  if (kind === "file")
    throw new FieldmarkError("REQUEST_INVALID", `sourceDir "${sourceDir}": expected a folder, found a file`);
  return files;
}

/** A file lies beside the script, a folder under its own name. */
async function dependencyAt(path: string): Promise<readonly LocalFile[]> {
  const at = localPath(path);
  const { kind, files } = await localTree(at);
  return kind === "file" ? files : files.map((file) => ({ ...file, name: join(basename(at), file.name) }));
}

function archiveOf(files: readonly LocalFile[]): Readable {
  const archive = pack();
  const zipped = createGzip();
  const fill = async () => {
    for (const { path, name, size } of files) {
      await pipeline(createReadStream(path), archive.entry({ name, size }));
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  archive.on("error", (error) => zipped.destroy(error));
  return archive.pipe(zipped);
}
