import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fileProblem } from "../file-problem.ts";
import type { SourceModel } from "../source-model.ts";
import { openArchive } from "./archive.ts";
import { detectFormat, refuseOtherFormats } from "./detect.ts";
import { digestFolder, openFolder } from "./folder.ts";
import { locateSavedModel } from "./locate.ts";
import { readSavedModelFiles } from "./saved-model/saved-model.ts";

export interface ReadOptions {
  /** The signature to read; "serving_default" when left out. */
  readonly signature?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model as its file states it. */
export interface ReadModel {
  readonly source: SourceModel;
  /** "sha256:<hex>" of the archive's bytes, or of the folder's files: what `digestModel` gives. */
  readonly digest: string;
  /**
   * Small text files that came with the model (labels, preprocessing), by path inside the folder or archive, and
   * the assets of the SavedModel.
   */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What was decided for the user ("has versions 1, 2; the highest is read"), in sentences for the terminal. */
  readonly notes: readonly string[];
}

/**
 * Reads a SavedModel from a folder, a .tar.gz or a .tar: functions inlined, variables as constants, reduced to what
 * the signature's outputs depend on. The tensors are views of the variables' data, which stay in memory with them.
 *
 * @param path a folder or archive with saved_model.pb at its root, in a version folder, or in a wrapping folder
 * @throws MODEL_NOT_FOUND, MODEL_FORMAT_UNSUPPORTED, MODEL_BROKEN, MODEL_SIGNATURE, MODEL_RANDOM,
 *   MODEL_OP_UNSUPPORTED (for element types), ARCHIVE_HAZARD, ARCHIVE_BROKEN, FILE_TOO_LARGE, FILE_UNREADABLE
 */
export async function readSavedModel(
  path: string,
  { signature, signal }: ReadOptions = {},
): Promise<ReadModel> {
  const container = await detectFormat(path);
  const opened =
    container === "folder"
      ? await openFolder(path, { signal })
      : await openArchive(path, container, { signal });
  refuseOtherFormats(opened.names, path);
  const { folder, notes } = locateSavedModel(opened.names, path);
  const source = readSavedModelFiles({ files: opened.files, folder, place: path }, signature);
  const files = new Map(
    [...opened.files].filter(([name]) => !/(?:saved_model\.pb|variables\.[^/]+)$/.test(name)),
  );
  return { source, digest: opened.digest, files, notes };
}

/**
 * The digest of a model, without reading what is in it: for looking it up in a cache.
 * @throws MODEL_NOT_FOUND, FILE_UNREADABLE, MODEL_FORMAT_UNSUPPORTED
 */
export async function digestModel(
  path: string,
  { signal }: Pick<ReadOptions, "signal"> = {},
): Promise<string> {
  if ((await detectFormat(path)) === "folder") return digestFolder(path, { signal });
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2, signal }))
      hash.update(chunk);
  } catch (error) {
    signal?.throwIfAborted();
    throw fileProblem(path, error);
  }
  return `sha256:${hash.digest("hex")}`;
}
