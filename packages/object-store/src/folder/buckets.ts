import { lstat, mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { checkBucketName, isBucketName } from "../names.ts";
import { statusAt } from "./at-once.ts";
import { bucketFolder, bucketNotFound } from "./bucket-folder.ts";
import { ABSENT, errnoOf, unless } from "./errno.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { Bucket } from "./object-info.ts";

/** Buckets are the folders of one folder. */
export class Buckets {
  readonly #root: string;
  readonly #folders: FolderSync;

  constructor(root: string, folders: FolderSync) {
    this.#root = root;
    this.#folders = folders;
  }

  /** @throws BUCKET_NAME_INVALID */
  async create(name: string): Promise<"created" | "exists"> {
    checkBucketName(name);
    const made = await unless(
      ["EEXIST"],
      mkdir(bucketFolder(this.#root, name), 0o755).then(() => true),
    );
    if (made === null) return "exists";
    await this.#folders.sync(this.#root);
    return "created";
  }

  async exists(name: string): Promise<boolean> {
    if (!isBucketName(name)) return false;
    return statusAt(bucketFolder(this.#root, name))?.isDirectory() ?? false;
  }

  /** @throws BUCKET_NOT_FOUND */
  async require(name: string): Promise<void> {
    if (!(await this.exists(name))) throw bucketNotFound(name);
  }

  /** By name. */
  async list(): Promise<readonly Bucket[]> {
    const names = (await readdir(this.#root)).filter(isBucketName).sort();
    const found = await Promise.all(
      names.map(async (name) => ({
        name,
        status: await unless(ABSENT, lstat(bucketFolder(this.#root, name))),
      })),
    );
    return found.flatMap(({ name, status }) =>
      status?.isDirectory() ? [{ name, created: status.birthtime }] : [],
    );
  }

  /**
   * Folders without objects do not count, and go with it.
   * @throws BUCKET_NOT_EMPTY, BUCKET_NOT_FOUND
   */
  async delete(name: string): Promise<void> {
    await this.require(name);
    try {
      await removeEmptyFolders(bucketFolder(this.#root, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
      throw new FieldmarkError(
        "BUCKET_NOT_EMPTY",
        `The bucket ${name} holds objects`,
        { bucket: name },
        error,
      );
    }
    await this.#folders.sync(this.#root);
  }
}

/** Removes a folder that holds nothing but folders. Fails with ENOTEMPTY at the first file. */
async function removeEmptyFolders(folder: string): Promise<void> {
  const removed = await unless(
    ["ENOTEMPTY", "EEXIST"],
    rmdir(folder).then(() => true),
  );
  if (removed !== null) return;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) break;
    await removeEmptyFolders(join(folder, entry.name));
  }
  await rmdir(folder);
}
