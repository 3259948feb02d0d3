import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { defaultCacheFolder } from "./cache/cache-folder.ts";
import { type FileState, fileState, recallDigest, rememberDigest } from "./cache/digest-memo.ts";
import { type CacheEntry, ImportCache } from "./cache/import-cache.ts";
import { importInWorker } from "./import-in-worker.ts";
import type { LoadStep } from "./import-messages.ts";
import type { ImportRecord } from "./import-record.ts";
import { importerVersion } from "./importer-version.ts";
import { LoadedModel } from "./loaded-model.ts";
import type { Model } from "./model.ts";
import { MODEL_FILE } from "./onnx/write-model.ts";
import { PendingImport } from "./pending-import.ts";
import { poolSettings } from "./session/pool-settings.ts";
import { SessionPool } from "./session/session-pool.ts";

export interface LoadOptions {
  /** Signature to run; "serving_default" without it. */
  readonly signature?: string;
  /** Folder that keeps imports; the user's cache folder without it; null: none is kept. */
  readonly cacheFolder?: string | null;
  /** Bytes that kept imports may take before the ones not used for longest go; default 4 GiB. */
  readonly cacheBytes?: number;
  /** Threads of inference; all processors without it. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called at the start of each step. */
  readonly onProgress?: (step: LoadStep) => void;
}

/**
 * Opens a model: a TensorFlow SavedModel folder or its archive (.tar.gz, .tar). The first time it is translated to
 * ONNX, which is kept by the digest of the model's bytes; after that only the session is opened.
 *
 * @throws MODEL_NOT_FOUND, MODEL_FORMAT_UNSUPPORTED, MODEL_BROKEN, MODEL_SIGNATURE, MODEL_RANDOM,
 *   MODEL_OP_UNSUPPORTED, ARCHIVE_HAZARD, ARCHIVE_BROKEN, CACHE_UNUSABLE, RUNTIME_UNAVAILABLE, INTERRUPTED
 * @example
 * ```ts
 * await using model = await loadModel("model.tar.gz");
 * const probabilities = await model.classify(pixels, 8); // float32 [8, classes]
 * ```
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const pool = new SessionPool();
  try {
    return await load(path, options, pool);
  } catch (cause) {
    await pool[Symbol.asyncDispose]();
    if (options.signal?.aborted === true && isAbort(cause)) throw interrupted(cause);
    throw cause;
  }
}

async function load(path: string, options: LoadOptions, pool: SessionPool): Promise<Model> {
  if (options.cacheFolder === null) return await loadOnce(path, options, { pool, notes: [] });
  try {
    return await loadKept(path, options, pool);
  } catch (cause) {
    // Whoever names a folder wants it used; the default one may well be missing in a container.
    const isDefault = options.cacheFolder === undefined;
    if (!isDefault || !(cause instanceof FieldmarkError) || cause.code !== "CACHE_UNUSABLE") throw cause;
    return await loadOnce(path, options, { pool, notes: [`the import is not kept: ${cause.message}`] });
  }
}

async function loadKept(path: string, options: LoadOptions, pool: SessionPool): Promise<Model> {
  const { signal, onProgress, signature } = options;
  const folder = resolve(options.cacheFolder ?? defaultCacheFolder());
  const cache = new ImportCache<ImportRecord>(
    folder,
    options.cacheBytes === undefined ? {} : { maxBytes: options.cacheBytes },
  );
  onProgress?.("digest");
  const state = await modelState(path);
  const known = await recallDigest(folder, state);
  const begin = () =>
    new PendingImport({
      path: resolve(path),
      signature,
      cache,
      keyOf: ({ description }) => cacheKey(description.digest, signature),
      signal,
      onStep: onProgress,
    });
  const early = known === null ? begin() : null;
  try {
    const digest = known ?? (await digestOf(path, signal));
    if (known === null) await rememberDigest(folder, state, digest);
    const key = cacheKey(digest, signature);
    const kept = await cache.find(key);
    if (kept !== null) {
      const [opened, intact] = await Promise.all([opens(kept, pool, options), cache.isIntact(kept)]);
      if (opened && intact) {
        return new LoadedModel({ path, pool, record: kept.record, cached: true, cacheEntry: kept.folder });
      }
      // Damaged, or removed by another process in this moment: it is made again.
      await cache.remove(key);
    }
    const entry = await (early ?? begin()).entry();
    if (entry.record.description.digest !== digest) {
      throw new FieldmarkError("FILE_UNREADABLE", `${path}: changed while it was read`, { file: path });
    }
    await openEntry(entry, pool, options);
    return new LoadedModel({ path, pool, record: entry.record, cached: false, cacheEntry: entry.folder });
  } finally {
    await early?.abandon();
  }
}

/** False when the runtime refuses the files of a kept import. */
async function opens(
  entry: CacheEntry<ImportRecord>,
  pool: SessionPool,
  options: LoadOptions,
): Promise<boolean> {
  try {
    await openEntry(entry, pool, options);
    return true;
  } catch (cause) {
    if (cause instanceof FieldmarkError && cause.code === "MODEL_BROKEN") return false;
    throw cause;
  }
}

interface Once {
  readonly pool: SessionPool;
  /** Sentences for the description. */
  readonly notes: readonly string[];
}

async function loadOnce(path: string, options: LoadOptions, { pool, notes }: Once): Promise<Model> {
  const { signal, signature, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-import-"));
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    const filled = await importInWorker(
      { path: resolve(path), signature, folder },
      { signal, onStep: onProgress },
    );
    await openEntry({ folder, ...filled }, pool, options);
    return new LoadedModel({
      path,
      record: withNotes(filled.record, notes),
      pool,
      cached: false,
      cacheEntry: null,
      afterClose: forget,
    });
  } catch (cause) {
    await forget();
    throw cause;
  }
}

function withNotes(record: ImportRecord, notes: readonly string[]): ImportRecord {
  const { description } = record;
  return { ...record, description: { ...description, notes: [...description.notes, ...notes] } };
}

async function openEntry(
  { folder, files }: Pick<CacheEntry<ImportRecord>, "folder" | "files">,
  pool: SessionPool,
  { threads = availableParallelism(), signal, onProgress }: LoadOptions,
): Promise<void> {
  if (signal?.aborted === true) throw interrupted();
  onProgress?.("open");
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  await pool.open(join(folder, MODEL_FILE), poolSettings(threads, bytes), signal);
}

async function modelState(path: string): Promise<FileState> {
  return await fileState(path).catch((cause: unknown) => {
    if (!(cause instanceof FieldmarkError) || cause.code !== "FILE_NOT_FOUND") throw cause;
    throw new FieldmarkError("MODEL_NOT_FOUND", cause.message, cause.details, cause);
  });
}

/** Formats are loaded for files that were not seen before: a model from the cache is there sooner. */
async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const { digestModel } = await import("./formats/read-saved-model.ts");
  return await digestModel(path, { signal });
}

function cacheKey(digest: string, signature: string | undefined): string {
  return createHash("sha256")
    .update(JSON.stringify([importerVersion(), digest, signature ?? null]))
    .digest("hex");
}

function isAbort(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "AbortError";
}

function interrupted(cause?: unknown): FieldmarkError {
  return new FieldmarkError("INTERRUPTED", "interrupted while the model was loaded", {}, cause);
}
