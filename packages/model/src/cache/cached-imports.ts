import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ImportRecord } from "../import-record.ts";
import { defaultCacheFolder } from "./cache-folder.ts";
import { ImportCache } from "./import-cache.ts";

/** An import that is kept. */
export interface CachedImport {
  readonly folder: string;
  readonly bytes: number;
  readonly lastUsed: Date;
  /** Null when the entry is damaged; the next use of its model makes it again. */
  readonly model: {
    readonly importedFrom: string;
    readonly digest: string;
    readonly signature: string;
    readonly format: string;
    readonly producer: string;
  } | null;
}

/**
 * Every import that is kept, the one used last first.
 * @param cacheFolder the user's cache folder without it
 * @throws CACHE_UNUSABLE
 */
export async function cachedImports(cacheFolder?: string): Promise<readonly CachedImport[]> {
  const cache = new ImportCache<ImportRecord>(resolve(cacheFolder ?? defaultCacheFolder()));
  const imports: CachedImport[] = [];
  for (const { key, folder, bytes, lastUsed } of await cache.list()) {
    const record = await cache.read(key);
    imports.push({ folder, bytes, lastUsed, model: record === null ? null : summary(record) });
  }
  return imports;
}

function summary({ importedFrom, description }: ImportRecord): CachedImport["model"] {
  const { digest, signature, format, producer } = description;
  return { importedFrom, digest, signature, format, producer };
}

/**
 * Removes every import that is kept, and the digests that are remembered.
 * @throws CACHE_UNUSABLE
 */
export async function clearImports(
  cacheFolder?: string,
): Promise<{ readonly imports: number; readonly bytes: number }> {
  const folder = resolve(cacheFolder ?? defaultCacheFolder());
  const removed = await new ImportCache<ImportRecord>(folder).clear();
  await rm(join(folder, "digests"), { recursive: true, force: true });
  return { imports: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
}
