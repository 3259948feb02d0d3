import { FieldmarkError } from "@fieldmark/contract";
import type { InputObject } from "./input-object.ts";

/** What an input becomes below its LocalPath. Paths are relative, of plain segments joined by `/`. */
export interface Layout {
  /** Parents before their children. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly object: InputObject; readonly path: string }[];
}

const MAX_NAME_BYTES = 255;

/**
 * Gives each object its file; keys that end in `/` are folders.
 *
 * @throws INPUT_KEY for a key that would leave the folder, cannot be a path, or is both a file and a folder
 */
export function layout(objects: readonly InputObject[]): Layout {
  const folders = new Set<string>();
  const files = new Map<string, InputObject>();
  for (const object of objects) {
    const isFolder = object.path.endsWith("/");
    const path = isFolder ? object.path.slice(0, -1) : object.path;
    checkPath(object, path);
    if (!isFolder && files.has(path)) throw badKey(object, "another object has the same path");
    if (isFolder) folders.add(path);
    else files.set(path, object);
    addParents(folders, path);
  }
  for (const [path, object] of files) {
    if (folders.has(path)) throw badKey(object, "it is an object and a folder of other objects at once");
  }
  return {
    // A parent is shorter than its children.
    folders: [...folders].sort((a, b) => a.length - b.length),
    files: [...files].map(([path, object]) => ({ object, path })),
  };
}

/** Stops at a parent that is known: its own are, too. */
function addParents(folders: Set<string>, path: string): void {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = path.slice(0, slash);
    if (folders.has(parent)) return;
    folders.add(parent);
  }
}

function checkPath(object: InputObject, path: string): void {
  if (path.includes("\0")) throw badKey(object, "it holds a NUL");
  for (const segment of path.split("/")) {
    if (segment === "") throw badKey(object, "it holds an empty path segment");
    if (segment === "." || segment === "..") throw badKey(object, `it holds the path segment "${segment}"`);
    if (segment.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(segment) > MAX_NAME_BYTES) {
      throw badKey(object, `a path segment is longer than ${MAX_NAME_BYTES} bytes`);
    }
  }
}

function badKey({ bucket, key }: InputObject, reason: string): FieldmarkError {
  const shown = JSON.stringify(key);
  return new FieldmarkError(
    "INPUT_KEY",
    `The object ${shown} of bucket "${bucket}" cannot be a file: ${reason}.`,
    {
      bucket,
      key,
    },
  );
}
