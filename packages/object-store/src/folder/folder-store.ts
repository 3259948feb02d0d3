import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { FieldmarkError } from "@fieldmark/contract";
import { checkKey } from "../names.ts";
import type { ListPage, ObjectRef, ObjectStore } from "../object-store.ts";
import { Bodies } from "./bodies.ts";
import { Buckets } from "./buckets.ts";
import { copyObject } from "./copy-object.ts";
import { writeDraft } from "./draft.ts";
import { asDiskError } from "./errno.ts";
import { FolderSync } from "./folder-sync.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { Levels } from "./level.ts";
import { linkBody } from "./link-body.ts";
import { listPage } from "./list-page.ts";
import type {
  Bucket,
  CopyOptions,
  ListOptions,
  ObjectInfo,
  ObjectPage,
  OpenedObject,
  PutConditions,
  PutOptions,
  Tag,
} from "./object-info.ts";
import { Objects } from "./objects.ts";
import { openedObject } from "./opened.ts";
import { Sidecars } from "./sidecars.ts";
import { Sweep } from "./sweep.ts";
import { Uploads } from "./uploads.ts";

export interface FolderStoreOptions {
  readonly now?: () => Date;
}

/**
 * Objects as files under `<root>/buckets/<bucket>/<key>`, with what else an S3 server keeps of them beside, in
 * `<root>/metadata`. One open store a folder at a time.
 */
export class FolderStore implements ObjectStore, AsyncDisposable {
  /** Multipart uploads. */
  readonly uploads: Uploads;
  readonly #bodies: Bodies;
  readonly #buckets: Buckets;
  readonly #objects: Objects;
  readonly #levels: Levels;
  readonly #temporary: string;
  readonly #sweep: Sweep;

  private constructor(root: string, now: () => Date) {
    const folders = new FolderSync();
    const locks = new KeyedLock();
    const buckets = join(root, "buckets");
    this.#temporary = join(root, "temporary");
    this.#bodies = new Bodies(buckets, folders, locks);
    this.#buckets = new Buckets(buckets, folders);
    const sidecars = new Sidecars(join(root, "metadata"), this.#temporary, folders);
    this.#objects = new Objects(this.#bodies, sidecars);
    this.#levels = new Levels(() => this.#bodies.moves, now);
    this.uploads = new Uploads({
      root: join(root, "uploads"),
      temporary: this.#temporary,
      buckets: this.#buckets,
      objects: this.#objects,
      folders,
      locks,
      now,
    });
    this.#sweep = new Sweep({ bodies: this.#bodies, sidecars });
  }

  /** Makes the folder if there is none. What a crash left behind is removed, partly in the background until `close`. */
  static async open(root: string, { now = () => new Date() }: FolderStoreOptions = {}): Promise<FolderStore> {
    try {
      await rm(join(root, "temporary"), { recursive: true, force: true });
      for (const folder of ["buckets", "metadata", "uploads", "temporary"]) {
        await mkdir(join(root, folder), { recursive: true, mode: 0o755 });
      }
      const store = new FolderStore(root, now);
      await store.#sweep.start();
      return store;
    } catch (error) {
      throw asDiskError(error, `Opening the store ${root}`);
    }
  }

  async close(): Promise<void> {
    await this.#sweep.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when what earlier crashes left has been removed. */
  swept(): Promise<void> {
    return this.#sweep.done();
  }

  /** @throws BUCKET_NAME_INVALID */
  createBucket(name: string): Promise<"created" | "exists"> {
    return this.#do(`Creating the bucket ${name}`, () => this.#buckets.create(name));
  }

  /** Its unfinished uploads go with it. @throws BUCKET_NOT_FOUND, BUCKET_NOT_EMPTY */
  deleteBucket(name: string): Promise<void> {
    return this.#do(`Deleting the bucket ${name}`, async () => {
      await this.#buckets.delete(name);
      await this.uploads.abortAll(name);
    });
  }

  bucketExists(name: string): Promise<boolean> {
    return this.#buckets.exists(name);
  }

  /** By name. */
  listBuckets(): Promise<readonly Bucket[]> {
    return this.#buckets.list();
  }

  /** @throws BUCKET_NOT_FOUND */
  listPage(bucket: string, options: ListOptions = {}): Promise<ObjectPage> {
    return this.#do(`Listing ${bucket}`, async () => {
      await this.#buckets.require(bucket);
      return await listPage(
        { bucket, options },
        { bodies: this.#bodies, objects: this.#objects, levels: this.#levels },
      );
    });
  }

  async list(bucket: string, prefix: string, startAfter?: string): Promise<ListPage> {
    return await this.listPage(bucket, { prefix, startAfter });
  }

  /** null when there is no such object. @throws BUCKET_NOT_FOUND */
  head(ref: ObjectRef): Promise<ObjectInfo | null> {
    return this.#do(`Reading ${ref.key}`, async () => {
      checkKey(ref.key);
      const info = await this.#objects.info(ref);
      if (info === null) await this.#buckets.require(ref.bucket);
      return info;
    });
  }

  /**
   * The object as it is now, whatever becomes of the key. The caller reads it or closes it.
   * @returns null when there is no such object
   * @throws BUCKET_NOT_FOUND
   */
  open(ref: ObjectRef): Promise<OpenedObject | null> {
    return this.#do(`Opening ${ref.key}`, async () => {
      checkKey(ref.key);
      const object = await this.#objects.open(ref);
      if (object !== null) return openedObject(object);
      await this.#buckets.require(ref.bucket);
      return null;
    });
  }

  async get(ref: ObjectRef): Promise<Readable> {
    const object = await this.open(ref);
    if (object === null) throw objectNotFound(ref);
    return object.read();
  }

  /** @throws BUCKET_NOT_FOUND, PRECONDITION_FAILED, OBJECT_NOT_FOUND (ifMatch without an object), DISK */
  put(ref: ObjectRef, body: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#do(`Writing ${ref.key}`, async () => {
      checkKey(ref.key);
      await this.#buckets.require(ref.bucket);
      await using draft = await writeDraft(this.#temporary, body);
      const late = await options.beforeCommit?.({ size: draft.size, md5: draft.md5 });
      const typed = options.contentType === undefined ? {} : { contentType: options.contentType };
      const sidecar = {
        key: ref.key,
        etag: draft.md5.toString("hex"),
        attributes: { ...typed, ...options.attributes, ...late },
        parts: [],
        uploadId: null,
      };
      return await this.#objects.commit(ref, { draft, sidecar }, options.conditions);
    });
  }

  /** Idempotent. @throws BUCKET_NOT_FOUND, PRECONDITION_FAILED */
  delete(ref: ObjectRef, conditions: PutConditions = {}): Promise<void> {
    return this.#do(`Deleting ${ref.key}`, async () => {
      checkKey(ref.key);
      if (!(await this.#objects.remove(ref, conditions))) await this.#buckets.require(ref.bucket);
    });
  }

  /** @throws BUCKET_NOT_FOUND, OBJECT_NOT_FOUND, PRECONDITION_FAILED, DISK */
  copy(source: ObjectRef, target: ObjectRef, options: CopyOptions = {}): Promise<ObjectInfo> {
    return this.#do(`Copying ${source.key}`, async () => {
      checkKey(source.key);
      checkKey(target.key);
      await this.#buckets.require(source.bucket);
      await this.#buckets.require(target.bucket);
      const deps = { objects: this.#objects, temporary: this.#temporary };
      const info = await copyObject({ source, target, options }, deps);
      if (info === null) throw objectNotFound(source);
      return info;
    });
  }

  /** Replaces the object's tags; none removes them. @throws OBJECT_NOT_FOUND, BUCKET_NOT_FOUND */
  setTags(ref: ObjectRef, tags: readonly Tag[]): Promise<void> {
    return this.#do(`Tagging ${ref.key}`, async () => {
      checkKey(ref.key);
      const changed = await this.#objects.amend(ref, ({ attributes }) => ({
        ...attributes,
        tags: tags.length === 0 ? undefined : tags,
      }));
      if (changed !== null) return;
      await this.#buckets.require(ref.bucket);
      throw objectNotFound(ref);
    });
  }

  /** false also for a file that somebody put there by hand and could still write. @throws OBJECT_NOT_FOUND, BUCKET_NOT_FOUND */
  link(ref: ObjectRef, path: string): Promise<boolean> {
    return this.#do(`Linking ${ref.key}`, async () => {
      checkKey(ref.key);
      const linked = await linkBody(this.#bodies, ref, path);
      if (linked === "absent") throw objectNotFound(ref);
      return linked === "linked";
    });
  }

  async #do<T>(doing: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw asDiskError(error, doing);
    }
  }
}

const objectNotFound = ({ bucket, key }: ObjectRef): FieldmarkError =>
  new FieldmarkError("OBJECT_NOT_FOUND", `There is no object s3://${bucket}/${key}`, { bucket, key });
