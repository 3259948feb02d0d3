import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { WrittenFile } from "../onnx/write-model.ts";
import { cacheUnusable } from "./cache-folder.ts";
import { isIntact, MANIFEST_FILE, readManifest, writeManifest } from "./entry.ts";

export interface CacheEntry<R> {
  readonly folder: string;
  readonly files: readonly WrittenFile[];
  readonly record: R;
}

/** An entry as `fieldmark cache show` lists it. */
export interface StoredEntry {
  readonly key: string;
  readonly folder: string;
  /** Bytes of all files, notes included. */
  readonly bytes: number;
  readonly lastUsed: Date;
}

/** What a fresh import is made of. */
export interface Filled<R> {
  readonly files: readonly WrittenFile[];
  readonly record: R;
}

/** Bytes that the imports may take before the ones not used for longest go. */
export const DEFAULT_CACHE_BYTES = 4 * 2 ** 30;

const KEY = /^[0-9a-f]{64}$/;
/** What a writer that was killed left behind is removed after a day. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/**
 * Imports by key, each a folder. Any number of processes may use the same one: an entry becomes visible by one
 * rename, complete; a writer that comes second uses the first one's. Entries leave by one rename too.
 */
export class ImportCache<R> {
  readonly #folder: string;
  readonly #maxBytes: number;

  /** @param folder is made when the first entry is added */
  constructor(folder: string, { maxBytes = DEFAULT_CACHE_BYTES }: { readonly maxBytes?: number } = {}) {
    this.#folder = join(folder, "imports");
    this.#maxBytes = maxBytes;
  }

  /** The entry of a key, or null; a damaged one is removed. Finding it counts as using it. */
  async find(key: string): Promise<CacheEntry<R> | null> {
    const folder = join(this.#folder, key);
    if (!(await exists(folder))) return null;
    const manifest = await readManifest<R>(folder);
    if (manifest === null) {
      await this.remove(key);
      return null;
    }
    const now = new Date();
    await ignoring(MAY_BE_GONE, utimes(join(folder, MANIFEST_FILE), now, now));
    return { folder, ...manifest };
  }

  /**
   * Adds an entry: `fill` writes its files into the folder it is given and tells of them.
   * @param keyOf the key of what was filled in
   * @returns the entry of the key, which may be one that another process added meanwhile
   * @throws CACHE_UNUSABLE when the folder cannot be written to
   */
  async add(
    keyOf: (record: R) => string,
    fill: (folder: string) => Promise<Filled<R>>,
  ): Promise<CacheEntry<R>> {
    const temporary = join(this.#folder, `.new-${randomUUID()}`);
    await mkdir(temporary, { recursive: true }).catch((cause: unknown) => {
      throw cacheUnusable(this.#folder, cause);
    });
    try {
      const filled = await fill(temporary);
      await writeManifest(temporary, filled);
      const key = keyOf(filled.record);
      const folder = join(this.#folder, key);
      const entry = (await this.#publish(temporary, key)) ? { folder, ...filled } : await this.find(key);
      if (entry === null) throw cacheUnusable(folder, "it was removed while it was being added");
      await this.#sweep(key);
      return entry;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Removes one entry, if it is there and not held open by a system that forbids removing open files. */
  async remove(key: string): Promise<boolean> {
    const doomed = join(this.#folder, `.old-${randomUUID()}`);
    const renamed = await ignoring(MAY_BE_GONE, rename(join(this.#folder, key), doomed));
    if (renamed) await ignoring(MAY_BE_GONE, rm(doomed, { recursive: true, force: true }));
    return renamed;
  }

  /** True when the bytes of an entry are the ones that were written. */
  async isIntact({ folder, files }: CacheEntry<R>): Promise<boolean> {
    return await isIntact(folder, files);
  }

  /** Every entry, the one used last first. */
  async list(): Promise<readonly StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (const key of await this.#names()) {
      if (!KEY.test(key)) continue;
      const entry = await storedEntry(join(this.#folder, key), key);
      if (entry !== null) entries.push(entry);
    }
    return entries.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
  }

  /** The manifest of a listed entry; null when it is damaged or gone. */
  async read(key: string): Promise<R | null> {
    return (await readManifest<R>(join(this.#folder, key)))?.record ?? null;
  }

  /** Removes every entry and returns those that went. */
  async clear(): Promise<readonly StoredEntry[]> {
    const removed: StoredEntry[] = [];
    for (const entry of await this.list()) if (await this.remove(entry.key)) removed.push(entry);
    await this.#removeAbandoned(0);
    return removed;
  }

  async #publish(temporary: string, key: string): Promise<boolean> {
    const folder = join(this.#folder, key);
    if (await ignoring(TAKEN, rename(temporary, folder))) return true;
    if ((await readManifest<R>(folder)) !== null) return false;
    await this.remove(key);
    return await ignoring(TAKEN, rename(temporary, folder));
  }

  /** Makes room: the entries not used for longest go first, never the one just added. */
  async #sweep(kept: string): Promise<void> {
    await this.#removeAbandoned(ABANDONED_AFTER_MS);
    let total = 0;
    for (const { key, bytes } of await this.list()) {
      total += bytes;
      if (total > this.#maxBytes && key !== kept && (await this.remove(key))) total -= bytes;
    }
  }

  async #removeAbandoned(olderThan: number): Promise<void> {
    for (const name of await this.#names()) {
      if (!/^\.(new|old)-/.test(name)) continue;
      const folder = join(this.#folder, name);
      await ignoring(
        MAY_BE_GONE,
        stat(folder).then(async ({ mtimeMs }) => {
          if (Date.now() - mtimeMs >= olderThan) await rm(folder, { recursive: true, force: true });
        }),
      );
    }
  }

  async #names(): Promise<readonly string[]> {
    return await readdir(this.#folder).catch((cause: unknown) => {
      if (isOneOf(cause, ["ENOENT"])) return [];
      throw cacheUnusable(this.#folder, cause);
    });
  }
}

async function storedEntry(folder: string, key: string): Promise<StoredEntry | null> {
  try {
    const { mtime } = await stat(join(folder, MANIFEST_FILE));
    let bytes = 0;
    for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
    return { key, folder, bytes, lastUsed: mtime };
  } catch (cause) {
    if (isOneOf(cause, ["ENOENT", "ENOTDIR"])) return null;
    throw cacheUnusable(folder, cause);
  }
}

/** Another process took the name first. */
const TAKEN = ["ENOTEMPTY", "EEXIST", "EPERM", "EACCES", "EBUSY"];
/** Another process removed it first, or (on Windows) has it open. */
const MAY_BE_GONE = ["ENOENT", "ENOTEMPTY", "EPERM", "EACCES", "EBUSY"];

/** True when the operation succeeded, false when it failed in one of the expected ways. */
async function ignoring(codes: readonly string[], operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (cause) {
    if (isOneOf(cause, codes)) return false;
    throw cause;
  }
}

async function exists(path: string): Promise<boolean> {
  return await ignoring(["ENOENT", "ENOTDIR", "EACCES"], stat(path));
}

function isOneOf(cause: unknown, codes: readonly string[]): boolean {
  return cause instanceof Error && "code" in cause && codes.includes(String(cause.code));
}
