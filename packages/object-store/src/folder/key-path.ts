/**
 * Keys as paths. A key's segments are folder names and a file name, plain wherever a file system can hold them:
 *
 *   segment                                   file            folder
 *   birds.csv                                 birds.csv       birds.csv
 *   `a`, where there is a folder `a`          %~oa
 *   empty (`x/`, `a//b`)                      %~o             %~
 *   `.`, `..`, or like one of ours (`%~…`)    %~o..           %~d..
 *   longer than 255 bytes                     %~c…/%~o…       %~c…/%~d…
 *
 * Every name decodes to one segment (or, for %~c, the beginning of one), so the mapping can be read backwards.
 */
const MARK = "%~";
const OBJECT = "%~o";
const FOLDER = "%~d";
const CONTINUED = "%~c";

/** Longest name that ext4, XFS, APFS, NTFS hold, in bytes. */
const MAX_NAME_BYTES = 255;
/** Bytes of a long segment in one name. */
const CHUNK_BYTES = 240;

export interface KeyPath {
  /** Names of the folders, from the bucket down. */
  readonly folders: readonly string[];
  /** Where the object is unless a folder is in its place. */
  readonly plain: string;
  /** Where it is otherwise. The same as `plain` when that is an escaped name already. */
  readonly escaped: string;
}

/** Paths below the bucket's folder. */
export function keyToPath(key: string): KeyPath {
  const segments = key.split("/");
  const leaf = segments[segments.length - 1] ?? "";
  const folders = segments.slice(0, -1).flatMap(folderNames);
  const below = folders.length === 0 ? "" : `${folders.join("/")}/`;
  const escaped = below + escapedFile(leaf);
  return { folders, plain: isPlain(leaf) ? below + leaf : escaped, escaped };
}

/** Folder of every key that begins with `prefix`'s complete segments: "" or "a/b/". */
export const prefixFolder = (prefix: string): string =>
  prefix.split("/").slice(0, -1).flatMap(folderNames).join("/");

export type DecodedName =
  | { readonly kind: "object" | "folder"; readonly segment: string }
  | { readonly kind: "continued"; readonly beginning: string };

/** What a name in a bucket stands for; null for a name that no key leads to. */
export function decodeName(name: string, isFolder: boolean): DecodedName | null {
  if (!name.startsWith(MARK)) return { kind: isFolder ? "folder" : "object", segment: name };
  const rest = name.slice(OBJECT.length);
  if (!isFolder) return name.startsWith(OBJECT) ? { kind: "object", segment: rest } : null;
  if (name === MARK) return { kind: "folder", segment: "" };
  if (name.startsWith(FOLDER)) return { kind: "folder", segment: rest };
  return name.startsWith(CONTINUED) ? { kind: "continued", beginning: rest } : null;
}

const isPlain = (segment: string): boolean =>
  segment !== "" &&
  segment !== "." &&
  segment !== ".." &&
  !segment.startsWith(MARK) &&
  Buffer.byteLength(segment) <= MAX_NAME_BYTES;

function folderNames(segment: string): readonly string[] {
  if (isPlain(segment)) return [segment];
  if (segment === "") return [MARK];
  const { beginnings, rest } = split(segment);
  return [...beginnings, FOLDER + rest];
}

function escapedFile(segment: string): string {
  const { beginnings, rest } = split(segment);
  return [...beginnings, OBJECT + rest].join("/");
}

/** Cuts a long segment between characters, so that each name is text. */
function split(segment: string): { readonly beginnings: readonly string[]; readonly rest: string } {
  if (Buffer.byteLength(segment) <= MAX_NAME_BYTES - OBJECT.length) return { beginnings: [], rest: segment };
  const beginnings: string[] = [];
  let chunk = "";
  let bytes = 0;
  for (const character of segment) {
    const more = Buffer.byteLength(character);
    if (bytes + more > CHUNK_BYTES) {
      beginnings.push(CONTINUED + chunk);
      chunk = "";
      bytes = 0;
    }
    chunk += character;
    bytes += more;
  }
  return { beginnings, rest: chunk };
}
