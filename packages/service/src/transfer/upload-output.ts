import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectStore } from "@fieldmark/object-store";
import type { Upload } from "../jobs/run-plan.ts";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { belowMl } from "./container-path.ts";
import { contentType } from "./content-type.ts";
import { forEachBounded } from "./for-each-bounded.ts";
import { type OutputFile, outputFiles, type Unreadable } from "./output-files.ts";
import { hasCode } from "./place-files.ts";
import { parseS3Uri, type S3Place } from "./s3-uri.ts";
import type { UploadJournal } from "./upload-journal.ts";

const UPLOADS_AT_ONCE = 16;
const MAX_KEY_BYTES = 1024;
const READ_AT_ONCE = 1 << 18;
/** Files that a failure names. */
const NAMED = 5;

interface OpenedFile {
  readonly handle: FileHandle;
  readonly target: S3Place;
  readonly version: string;
}

export interface UploadOptions {
  readonly folder: InstanceFolder;
  readonly journal: UploadJournal;
  readonly signal: AbortSignal;
  /** Which of the files that are not uploaded yet. */
  readonly isDue: (file: OutputFile, uri: string) => boolean;
}

/**
 * Uploads files of one output of one instance that are new or changed. Files that cannot be objects, or not be read,
 * are left out and named in the failure at the end; a failure of the store ends it at once.
 *
 * @throws OUTPUT_FAILED, the signal's reason
 */
export async function uploadOutput(
  store: ObjectStore,
  output: Upload,
  options: UploadOptions,
): Promise<void> {
  const left: Unreadable[] = [];
  const files = dueFiles(output, { ...options, leave: (file) => left.push(file) });
  await forEachBounded(files, { limit: UPLOADS_AT_ONCE, signal: options.signal }, async (file) => {
    try {
      await put(store, output, file);
    } finally {
      await file.handle.close();
    }
    await options.journal.add(uriOf(file.target), file.version);
  });
  if (left.length > 0) throw leftOut(output, left);
}

async function* dueFiles(
  output: Upload,
  { folder, journal, isDue, leave }: UploadOptions & { readonly leave: (file: Unreadable) => void },
): AsyncGenerator<OpenedFile> {
  const place = parseS3Uri(output.s3Uri);
  const prefix = place.key === "" || place.key.endsWith("/") ? place.key : `${place.key}/`;
  for await (const file of outputFiles(folder.ml, belowMl(output.localPath))) {
    if ("reason" in file) {
      leave(file);
      continue;
    }
    const name = utf8(file.path);
    if (name === null || Buffer.byteLength(prefix) + file.path.length > MAX_KEY_BYTES) {
      leave({
        path: file.path,
        reason: name === null ? "its name is not UTF-8" : `its key is longer than ${MAX_KEY_BYTES} bytes`,
      });
      continue;
    }
    const target = { bucket: place.bucket, key: prefix + name };
    if (journal.has(uriOf(target), file.version) || !isDue(file, uriOf(target))) continue;
    const handle = await file.open().catch((error: unknown) => {
      if (!hasCode(error, "EACCES")) throw error;
      leave({ path: file.path, reason: "permission denied" });
      return null;
    });
    if (handle !== null) yield { handle, target, version: file.version };
  }
}

async function put(store: ObjectStore, output: Upload, { handle, target }: OpenedFile): Promise<void> {
  try {
    // As long as it is now: a program that goes on writing must not keep the upload from its end.
    const { size } = await handle.stat();
    const body =
      size === 0
        ? Readable.from([])
        : handle.createReadStream({ autoClose: false, start: 0, end: size - 1, highWaterMark: READ_AT_ONCE });
    await store.put(target, body, { contentType: contentType(target.key) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FieldmarkError(
      "OUTPUT_FAILED",
      `Output "${output.outputName}" could not be uploaded to ${uriOf(target)}: ${reason}`,
      { outputName: output.outputName, uri: uriOf(target) },
      error,
    );
  }
}

function leftOut(output: Upload, left: readonly Unreadable[]): FieldmarkError {
  const named = left
    .slice(0, NAMED)
    .map(({ path, reason }) => `${JSON.stringify(path.toString())} (${reason})`);
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : "";
  return new FieldmarkError(
    "OUTPUT_FAILED",
    `Output "${output.outputName}": ${left.length === 1 ? "a file" : `${left.length} files`} of ${output.localPath} could not be uploaded: ${named.join(", ")}${more}`,
    { outputName: output.outputName, files: left.slice(0, NAMED).map(({ path }) => path.toString()) },
  );
}

function utf8(bytes: Buffer): string | null {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : null;
}

function uriOf({ bucket, key }: S3Place): string {
  return `s3://${bucket}/${key}`;
}
