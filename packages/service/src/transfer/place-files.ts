import { createWriteStream } from "node:fs";
import { chown, lchown, lstat, mkdir, rm } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectRef, ObjectStore } from "@fieldmark/object-store";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { forEachBounded } from "./for-each-bounded.ts";

/** Links made at once: enough to keep the threads of the file system busy. */
const LINKS_AT_ONCE = 32;

export interface PlacedFile {
  readonly object: ObjectRef;
  /** relative to the folder */
  readonly path: string;
}

interface Target {
  readonly owner: InstanceFolder["owner"];
  /** Whether a file may be the object itself. */
  readonly mayLink: (path: string) => boolean;
  readonly signal: AbortSignal;
}

/** Makes `path` below `folder.ml`, with what it lacks above it; all of it belongs to the folder's owner. */
export async function makeFolder(folder: InstanceFolder, path: string): Promise<string> {
  let made = folder.ml;
  for (const segment of path.split("/")) {
    made = `${made}/${segment}`;
    await makeOneFolder(made, folder.owner);
  }
  return made;
}

/** @throws INPUT_KEY when a file of another input is there: it may be a link to an object, which nobody may own */
export async function makeOneFolder(path: string, owner: InstanceFolder["owner"]): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    if (!(await lstat(path)).isDirectory()) {
      throw new FieldmarkError(
        "INPUT_KEY",
        `"${basename(path)}" is a file of one input and a folder of another: give them LocalPaths that do not collide.`,
        { path: basename(path) },
      );
    }
  }
  if (owner !== null) await chown(path, owner.uid, owner.gid);
}

/** Links or copies objects to their files below `root`, in place of what is there. */
export async function placeFiles(
  store: ObjectStore,
  files: Iterable<PlacedFile>,
  target: Target & { readonly root: string },
): Promise<void> {
  await forEachBounded(files, { limit: LINKS_AT_ONCE, signal: target.signal }, async ({ object, path }) => {
    const file = `${target.root}/${path}`;
    try {
      if (!target.mayLink(path) || !(await linked(store, object, file)))
        await copy(store, object, { file, ...target });
    } catch (error) {
      throw placementError(object, error);
    }
  });
}

/** An earlier input, or staging that was interrupted, may have left a file there: the later one wins. */
async function linked(store: ObjectStore, object: ObjectRef, path: string): Promise<boolean> {
  if (store.link === undefined) return false;
  try {
    return await store.link(object, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    await rm(path);
    return await store.link(object, path);
  }
}

async function copy(
  store: ObjectStore,
  object: ObjectRef,
  { file, owner, signal }: Target & { readonly file: string },
): Promise<void> {
  await rm(file, { force: true });
  await pipeline(await store.get(object), createWriteStream(file, { flags: "wx", mode: 0o644 }), { signal });
  if (owner !== null) await lchown(file, owner.uid, owner.gid);
}

function placementError({ bucket, key }: ObjectRef, error: unknown): unknown {
  const uri = `s3://${bucket}/${key}`;
  if (error instanceof FieldmarkError && error.fault === "input") {
    return new FieldmarkError("INPUT_NOT_FOUND", `There is no object at S3 URL "${uri}".`, { uri }, error);
  }
  if (hasCode(error, "EISDIR") || hasCode(error, "ERR_FS_EISDIR") || hasCode(error, "ENOTDIR")) {
    return new FieldmarkError(
      "INPUT_KEY",
      `The object ${JSON.stringify(key)} of bucket "${bucket}" cannot be a file: another input has a folder there, or a file where a folder is needed.`,
      { bucket, key },
      error,
    );
  }
  return error;
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
