import { randomUUID } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";
import { ABSENT, unless } from "./errno.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { ObjectAttributes, ObjectPart } from "./object-info.ts";

const SUFFIX = ".json";

/** What is stored beside a body. */
export interface Sidecar {
  readonly key: string;
  readonly etag: string;
  readonly attributes: ObjectAttributes;
  readonly parts: readonly ObjectPart[];
  /** The upload it came from: completing that one again is answered with this object. */
  readonly uploadId: string | null;
}

/**
 * Names one body: a rename and a hard link keep all three, and a changed or new file differs in one. An inode's number
 * may be used again after its file is gone; the time of writing then differs.
 */
export const identityOf = (body: BigIntStats): string => `${body.ino}-${body.size}-${body.mtimeNs}`;

/**
 * Metadata of bodies, one small JSON text each under the body's identity. The text is the target of a symbolic link that
 * nobody follows: made and read in one call, and durable when its folder is, so that many share one fsync. It is durable before its body is renamed into
 * place, so that the one rename shows both; whoever has a body open finds the metadata of exactly that body.
 */
export class Sidecars {
  readonly #root: string;
  readonly #temporary: string;
  readonly #folders: FolderSync;

  constructor(root: string, temporary: string, folders: FolderSync) {
    this.#root = root;
    this.#temporary = temporary;
    this.#folders = folders;
  }

  folderOf(bucket: string): string {
    return join(this.#root, bucket);
  }

  /** For a body that nobody sees yet. */
  async create(bucket: string, identity: string, sidecar: Sidecar): Promise<void> {
    const path = this.#path(bucket, identity);
    const written = await unless(["ENOENT"], writeRecord(path, sidecar));
    if (written === null) {
      await mkdir(this.folderOf(bucket), { recursive: true });
      await this.#folders.sync(this.#root);
      await writeRecord(path, sidecar);
    }
    await this.#folders.sync(this.folderOf(bucket));
  }

  /** For a body in its place: readers see the old or the new, whole. */
  async replace(bucket: string, identity: string, sidecar: Sidecar): Promise<void> {
    const draft = join(this.#temporary, randomUUID());
    try {
      await writeRecord(draft, sidecar);
      await mkdir(this.folderOf(bucket), { recursive: true });
      await rename(draft, this.#path(bucket, identity));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await this.#folders.sync(this.folderOf(bucket));
  }

  async read(bucket: string, identity: string): Promise<Sidecar | null> {
    const text = await unless(ABSENT, readRecord(this.#path(bucket, identity)));
    return text === null ? null : (JSON.parse(text) as Sidecar);
  }

  async remove(bucket: string, identity: string): Promise<void> {
    await unless(ABSENT, unlink(this.#path(bucket, identity)));
  }

  /** For a body with the same bytes and times under another inode. */
  async move(bucket: string, from: string, to: string): Promise<void> {
    await unless(ABSENT, rename(this.#path(bucket, from), this.#path(bucket, to)));
  }

  /** Identities of all bodies that have, or had, a sidecar. */
  async list(): Promise<readonly { readonly bucket: string; readonly identity: string }[]> {
    const found: { readonly bucket: string; readonly identity: string }[] = [];
    for (const bucket of await readdir(this.#root)) {
      const names = (await unless(ABSENT, readdir(this.folderOf(bucket)))) ?? [];
      for (const name of names) {
        if (name.endsWith(SUFFIX)) found.push({ bucket, identity: name.slice(0, -SUFFIX.length) });
      }
    }
    return found;
  }

  #path(bucket: string, identity: string): string {
    return join(this.#root, bucket, identity + SUFFIX);
  }
}

/** Longest text that every file system takes as a link's target, in bytes. */
const LINK_BYTES = 1000;

/** The text as a link's target; as a file where it is too long for that, or the system has no such links. */
async function writeRecord(path: string, sidecar: Sidecar): Promise<true> {
  const text = JSON.stringify(sidecar);
  if (process.platform !== "win32" && Buffer.byteLength(text) <= LINK_BYTES) await symlink(text, path);
  else await writeDurably(path, text);
  return true;
}

async function readRecord(path: string): Promise<string> {
  // EINVAL: not a link.
  return (await unless(["EINVAL"], readlink(path))) ?? (await readFile(path, "utf8"));
}
