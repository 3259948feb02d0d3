import { type BigIntStats, constants, fstatSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectRef } from "../object-store.ts";
import { statusAt } from "./at-once.ts";
import { bucketFolder, bucketNotFound } from "./bucket-folder.ts";
import type { Draft } from "./draft.ts";
import { ABSENT, errnoOf, unless } from "./errno.ts";
import type { FolderSync } from "./folder-sync.ts";
import { keyToPath } from "./key-path.ts";
import type { KeyedLock } from "./keyed-lock.ts";

export interface FoundBody {
  readonly path: string;
  readonly status: BigIntStats;
}

export interface OpenBody extends FoundBody {
  readonly handle: FileHandle;
}

/** A symlink is not followed, and opening a FIFO that somebody put there does not wait. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Tries to place a body while folders come and go around it. */
const PLACE_ATTEMPTS = 1000;

/** Bodies in their bucket folders. Every change of a key happens under that key's lock. */
export class Bodies {
  readonly root: string;
  readonly #folders: FolderSync;
  readonly #locks: KeyedLock;
  /** Folders just made whose own entries are not yet durable. */
  readonly #fresh = new Map<string, Promise<void>>();
  #moves = 0;

  constructor(root: string, folders: FolderSync, locks: KeyedLock) {
    this.root = root;
    this.#folders = folders;
    this.#locks = locks;
  }

  /** Grows with every body that gave way to a folder: whoever read a folder meanwhile may have missed it. */
  get moves(): number {
    return this.#moves;
  }

  lock<T>(ref: ObjectRef, action: () => Promise<T>): Promise<T> {
    return this.#locks.run(`${ref.bucket}/${ref.key}`, action);
  }

  async find(ref: ObjectRef): Promise<FoundBody | null> {
    for (const path of this.#places(ref)) {
      const status = statusAt(path);
      if (status?.isFile()) return { path, status };
    }
    return null;
  }

  async open(ref: ObjectRef): Promise<OpenBody | null> {
    for (const path of this.#places(ref)) {
      if (!statusAt(path)?.isFile()) continue;
      const handle = await unless([...ABSENT, "ENXIO"], open(path, OPEN_FLAGS));
      if (handle === null) continue;
      const status = fstatSync(handle.fd, { bigint: true });
      if (status.isFile()) return { path, status, handle };
      await handle.close();
    }
    return null;
  }

  /**
   * Moves a finished draft to where the key's object is, or is to be. The caller holds the key's lock.
   * @returns the path, which `settle` makes durable
   * @throws BUCKET_NOT_FOUND
   */
  async place(draft: Draft, ref: ObjectRef, occupied: string | null): Promise<string> {
    const { plain, escaped } = keyToPath(ref.key);
    let target = occupied ?? join(bucketFolder(this.root, ref.bucket), plain);
    for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
      try {
        await draft.moveTo(target);
        return target;
      } catch (error) {
        const code = errnoOf(error);
        if (code === "EISDIR" || code === "EEXIST" || code === "ENOTEMPTY") {
          target = join(bucketFolder(this.root, ref.bucket), escaped);
        } else if (code === "ENOENT" || code === "ENOTDIR") {
          // A folder may go again meanwhile: then the next attempt makes it.
          await unless(ABSENT, this.#makeFolders(ref, dirname(target)));
        } else if (code === "ENAMETOOLONG") {
          throw new FieldmarkError("KEY_TOO_LONG", "The key's path is longer than the file system allows");
        } else {
          throw error;
        }
      }
    }
    throw new FieldmarkError("DISK", `${target}: its folder is removed again and again`);
  }

  /** Resolves when everything renamed to `path` or removed from it so far is durable, the folders above it too. */
  async settle(path: string): Promise<void> {
    const above: Promise<void>[] = [];
    if (this.#fresh.size > 0) {
      for (let folder = dirname(path); folder.length > this.root.length; folder = dirname(folder)) {
        const fresh = this.#fresh.get(folder);
        if (fresh !== undefined) above.push(fresh);
      }
    }
    // Absent: deleted again, and the folder with it.
    await Promise.all([unless(ABSENT, this.#folders.sync(dirname(path))), ...above]);
  }

  /** Removes folders that a deletion left empty, from `folder` up to the bucket. */
  async prune(bucket: string, folder: string): Promise<void> {
    const top = bucketFolder(this.root, bucket);
    for (let empty = folder; empty.length > top.length; empty = dirname(empty)) {
      const removed = await unless(
        [...ABSENT, "ENOTEMPTY", "EEXIST", "EBUSY"],
        rmdir(empty).then(() => true),
      );
      if (removed === null) return;
    }
  }

  #places(ref: ObjectRef): readonly string[] {
    const { plain, escaped } = keyToPath(ref.key);
    const bucket = bucketFolder(this.root, ref.bucket);
    return plain === escaped ? [join(bucket, plain)] : [join(bucket, plain), join(bucket, escaped)];
  }

  async #makeFolders(ref: ObjectRef, folder: string): Promise<void> {
    const bucket = bucketFolder(this.root, ref.bucket);
    if (statusAt(bucket) === null) throw bucketNotFound(ref.bucket);
    const names = folder.slice(bucket.length + 1).split("/");
    let path = bucket;
    for (const name of names) {
      const parent = path;
      path = join(path, name);
      const made = await unless(
        ["EEXIST"],
        mkdir(path, 0o755).then(() => true),
      );
      if (made !== null) {
        this.#settleFolder(path, parent);
      } else if (statusAt(path)?.isFile()) {
        await this.#giveWay(ref, path);
      }
    }
  }

  #settleFolder(path: string, parent: string): void {
    const settled = unless(ABSENT, this.#folders.sync(parent)).then(() => {
      if (this.#fresh.get(path) === settled) this.#fresh.delete(path);
    });
    settled.catch(() => {});
    this.#fresh.set(path, settled);
  }

  /** Moves the object at `path`, where a folder is needed, to its escaped name. */
  async #giveWay(ref: ObjectRef, path: string): Promise<void> {
    const bucket = bucketFolder(this.root, ref.bucket);
    const key = keyAt(ref.key, path.slice(bucket.length + 1));
    await this.lock({ bucket: ref.bucket, key }, async () => {
      if (!statusAt(path)?.isFile()) return;
      const target = join(bucket, keyToPath(key).escaped);
      if (dirname(target) !== dirname(path)) await mkdir(dirname(target), { recursive: true });
      await rename(path, target);
      this.#moves++;
      // another writer may have made the folder by now
      await unless(["EEXIST"], mkdir(path, 0o755));
      this.#settleFolder(path, dirname(path));
      await this.#folders.sync(dirname(target));
    });
  }
}

/** The beginning of `key` whose object's plain path is `path`. */
function keyAt(key: string, path: string): string {
  for (let slash = key.indexOf("/"); slash >= 0; slash = key.indexOf("/", slash + 1)) {
    const beginning = key.slice(0, slash);
    if (keyToPath(beginning).plain === path) return beginning;
  }
  throw new FieldmarkError("KEY_INVALID", `No object of this key's folders is at ${path}`, { path });
}
