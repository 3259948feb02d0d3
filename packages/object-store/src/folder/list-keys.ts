import { join } from "node:path";
import { compareKeys } from "../key-order.ts";
import { prefixFolder } from "./key-path.ts";
import { holdsObject, type LevelEntry, type Levels, lowerBound } from "./level.ts";

/** What one page names: an object's key, or a common prefix. */
export type ListedKey = { readonly key: string; readonly path: string } | { readonly commonPrefix: string };

export interface KeyQuery {
  readonly prefix: string;
  /** "" for none */
  readonly delimiter: string;
  /** Keys at or before this one are left out. */
  readonly after: string;
}

/** Keys and common prefixes of a bucket in the order of their bytes; folders are read only when they are reached. */
export async function* listKeys(
  bucketFolder: string,
  query: KeyQuery,
  levels: Levels,
): AsyncGenerator<ListedKey> {
  const base = query.prefix.slice(0, query.prefix.lastIndexOf("/") + 1);
  if (isAllBefore(base, query.after)) return;
  const folder = join(bucketFolder, prefixFolder(query.prefix));
  let group = skippedGroup(query);
  for await (const found of walk({ folder, base }, query, levels)) {
    const name = "folder" in found ? found.folder : found.key;
    if (group !== null && name.startsWith(group)) continue;
    const prefix = commonPrefixOf(name, query);
    if (prefix !== null) {
      group = prefix;
      yield { commonPrefix: prefix };
    } else if (!("folder" in found)) {
      yield found;
    }
  }
}

type Found = { readonly key: string; readonly path: string } | { readonly folder: string };

/** Objects, and folders that are common prefixes as a whole and hold a key behind `after`. */
async function* walk(
  { folder, base }: { readonly folder: string; readonly base: string },
  query: KeyQuery,
  levels: Levels,
): AsyncGenerator<Found> {
  const entries = await levels.read(folder);
  for (let i = firstEntry(entries, base, query); i < entries.length; i++) {
    const entry = entries[i];
    if (entry === undefined) return;
    const key = base + entry.name;
    if (!key.startsWith(query.prefix)) {
      if (compareKeys(key, query.prefix) > 0) return;
      continue;
    }
    if (!entry.isFolder) {
      if (compareKeys(key, query.after) > 0) yield { key, path: entry.path };
    } else if (!isAllBefore(key, query.after)) {
      const below = { folder: entry.path, base: key };
      if (commonPrefixOf(key, query) === null) yield* walk(below, query, levels);
      else if (await hasKeyBehind(below, query, levels)) yield { folder: key };
    }
  }
}

async function hasKeyBehind(
  below: { readonly folder: string; readonly base: string },
  query: KeyQuery,
  levels: Levels,
): Promise<boolean> {
  if (!query.after.startsWith(below.base)) return await holdsObject(below.folder);
  if (query.after === skippedGroup(query)) return false;
  const first = await walk(below, { ...query, delimiter: "" }, levels).next();
  return !first.done;
}

/** Where reading a level starts, so that a page does not pass over all that came before it. */
function firstEntry(entries: readonly LevelEntry[], base: string, { prefix, after }: KeyQuery): number {
  const from = compareKeys(prefix, after) > 0 ? prefix : after;
  if (!from.startsWith(base)) return 0;
  const index = lowerBound(entries, from.slice(base.length));
  // The folder that `from` is in comes just before it.
  return index > 0 ? index - 1 : 0;
}

/** Whether every key that begins with `folder` is at or before `after`. */
const isAllBefore = (folder: string, after: string): boolean =>
  compareKeys(folder, after) < 0 && !after.startsWith(folder);

/** The part of a name up to the first delimiter behind the list's prefix. */
function commonPrefixOf(name: string, { prefix, delimiter }: KeyQuery): string | null {
  if (delimiter === "") return null;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? null : name.slice(0, at + delimiter.length);
}

/** `after` itself where it is a common prefix that an earlier page ended with. */
const skippedGroup = (query: KeyQuery): string | null =>
  query.after.startsWith(query.prefix) && commonPrefixOf(query.after, query) === query.after
    ? query.after
    : null;
