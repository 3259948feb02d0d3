import { open } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";
import { type PreprocessedImage, preprocessImage } from "./preprocess-image.ts";
import type { Preprocessing } from "./preprocessing.ts";

export interface PreprocessFilesOptions {
  /** Pictures that are in memory at a time. Default 4. */
  readonly concurrency?: number;
  /** Most pixels of a picture; see `decodeImage`. */
  readonly pixelLimit?: number;
  readonly signal?: AbortSignal;
}

/** A picture file as the model takes it. */
export interface PreprocessedFile extends PreprocessedImage {
  readonly path: string;
}

/** Bytes a picture file may have. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * Preprocesses picture files and yields them in the order of `paths`, a few at a time whatever their number.
 *
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE, and what `preprocessImage` throws, for the first file in
 * order that fails; the signal's reason when it is aborted
 */
export async function* preprocessFiles(
  paths: readonly string[],
  recipe: Preprocessing,
  { concurrency = 4, pixelLimit, signal }: PreprocessFilesOptions = {},
): AsyncGenerator<PreprocessedFile, void, undefined> {
  const started: Promise<PreprocessedFile>[] = [];
  const waiting = paths.values();
  const startNext = (): void => {
    const { value: path } = waiting.next();
    if (path === undefined) return;
    const file = preprocessFile(path, recipe, pixelLimit);
    // A failure is thrown when its turn comes; until then it must not count as unhandled.
    file.catch(() => undefined);
    started.push(file);
  };
  for (let running = 0; running < concurrency; running++) startNext();
  for (let file = started.shift(); file !== undefined; file = started.shift()) {
    signal?.throwIfAborted();
    const done = await file;
    startNext();
    yield done;
  }
}

async function preprocessFile(
  path: string,
  recipe: Preprocessing,
  pixelLimit: number | undefined,
): Promise<PreprocessedFile> {
  const bytes = await readPicture(path);
  const limit = pixelLimit === undefined ? {} : { pixelLimit };
  return { path, ...(await preprocessImage(bytes, recipe, { file: path, ...limit })) };
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size <= MAX_FILE_BYTES) return await file.readFile();
      throw new FieldmarkError(
        "FILE_TOO_LARGE",
        `${path}: ${size} bytes, expected at most ${MAX_FILE_BYTES}`,
      );
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof FieldmarkError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new FieldmarkError("FILE_NOT_FOUND", `${path}: there is no such file`, { file: path }, cause);
    }
    throw new FieldmarkError("FILE_UNREADABLE", `${path}: ${message}`, { file: path }, cause);
  }
}
