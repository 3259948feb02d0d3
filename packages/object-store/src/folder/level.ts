import type { Dirent } from "node:fs";
import { lstat, opendir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareKeys } from "../key-order.ts";
import { ABSENT, unless } from "./errno.ts";
import { decodeName } from "./key-path.ts";

/** One name of a folder, as part of keys. */
export interface LevelEntry {
  /** The key's segment; a folder's ends with "/". Entries in this order are keys in order. */
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

interface Snapshot {
  readonly changed: bigint;
  readonly entries: readonly LevelEntry[];
}

/** Folders of fewer entries are read again each time. */
const WORTH_KEEPING = 500;
const KEPT_FOLDERS = 16;
/** A folder changed this recently may change again within the same tick of its clock. In nanoseconds. */
const UNSURE = 100_000_000n;

/** Folders as sorted entries. Large ones are kept while they do not change, so that pages need not read them again. */
export class Levels {
  readonly #kept = new Map<string, Snapshot>();
  readonly #moves: () => number;
  readonly #now: () => Date;

  /** @param moves grows when a body is renamed within its folder: a folder read meanwhile is read again */
  constructor(moves: () => number, now: () => Date) {
    this.#moves = moves;
    this.#now = now;
  }

  /** Empty when there is no such folder. */
  async read(folder: string): Promise<readonly LevelEntry[]> {
    const status = await unless(ABSENT, lstat(folder, { bigint: true }));
    if (!status?.isDirectory()) return [];
    const kept = this.#kept.get(folder);
    if (kept?.changed === status.mtimeNs) return kept.entries;
    this.#kept.delete(folder);
    const entries = await this.#readSorted(folder);
    const age = BigInt(this.#now().getTime()) * 1_000_000n - status.mtimeNs;
    if (entries.length >= WORTH_KEEPING && age > UNSURE) {
      const oldest = this.#kept.keys().next();
      if (this.#kept.size >= KEPT_FOLDERS && !oldest.done) this.#kept.delete(oldest.value);
      this.#kept.set(folder, { changed: status.mtimeNs, entries });
    }
    return entries;
  }

  async #readSorted(folder: string): Promise<readonly LevelEntry[]> {
    for (;;) {
      const before = this.#moves();
      const entries = await readEntries(folder, "");
      if (this.#moves() !== before) continue;
      entries.sort((a, b) => compareKeys(a.name, b.name));
      return entries.filter((entry, i) => entry.name !== entries[i - 1]?.name);
    }
  }
}

/** Long segments are folders within folders: what they hold belongs to this level. */
async function readEntries(folder: string, beginning: string): Promise<LevelEntry[]> {
  const dirents = (await unless(ABSENT, readdir(folder, { withFileTypes: true }))) ?? [];
  const entries: LevelEntry[] = [];
  for (const dirent of dirents) {
    const decoded = decode(dirent);
    if (decoded === null) continue;
    const path = join(folder, dirent.name);
    if (decoded.kind === "continued") {
      entries.push(...(await readEntries(path, beginning + decoded.beginning)));
    } else {
      const isFolder = decoded.kind === "folder";
      entries.push({ name: beginning + decoded.segment + (isFolder ? "/" : ""), path, isFolder });
    }
  }
  return entries;
}

const decode = (dirent: Dirent) =>
  dirent.isFile() || dirent.isDirectory() ? decodeName(dirent.name, dirent.isDirectory()) : null;

/** Whether any object is below a folder; reads no more than it must. */
export async function holdsObject(folder: string): Promise<boolean> {
  const listing = await unless(ABSENT, opendir(folder));
  if (listing === null) return false;
  const folders: string[] = [];
  for await (const dirent of listing) {
    if (decode(dirent) === null) continue;
    if (dirent.isFile()) return true;
    folders.push(join(folder, dirent.name));
  }
  for (const inner of folders) if (await holdsObject(inner)) return true;
  return false;
}

/** Index of the first entry whose name is at or behind `name`. */
export function lowerBound(entries: readonly LevelEntry[], name: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(entries[middle]?.name ?? "", name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
