import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { FieldmarkError } from "@fieldmark/contract";
import { compareKeys } from "../key-order.ts";
import { checkBucketName, checkKey } from "../names.ts";
import type { ListPage, ObjectRef, ObjectStore, ObjectSummary } from "../object-store.ts";

const PAGE = 1000;

interface StoredObject {
  readonly summary: ObjectSummary;
  readonly body: Buffer;
}

/** Objects that end with the process: for tests and for programs that keep nothing. */
export class MemoryStore implements ObjectStore {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** @throws BUCKET_NAME_INVALID */
  createBucket(name: string): void {
    checkBucketName(name);
    if (!this.#buckets.has(name)) this.#buckets.set(name, new Map());
  }

  async list(bucket: string, prefix: string, startAfter = ""): Promise<ListPage> {
    const keys = [...this.#bucket(bucket).keys()]
      .filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0)
      .sort(compareKeys);
    const page = keys.slice(0, PAGE);
    return {
      objects: page.flatMap((key) => this.#find({ bucket, key })?.summary ?? []),
      next: keys.length > PAGE ? (page[PAGE - 1] ?? null) : null,
    };
  }

  async head(ref: ObjectRef): Promise<ObjectSummary | null> {
    return this.#find(ref)?.summary ?? null;
  }

  async get(ref: ObjectRef): Promise<Readable> {
    const found = this.#find(ref);
    if (found === undefined) {
      throw new FieldmarkError("OBJECT_NOT_FOUND", `There is no object s3://${ref.bucket}/${ref.key}`, {
        ...ref,
      });
    }
    return Readable.from([found.body], { objectMode: false });
  }

  async put(ref: ObjectRef, body: AsyncIterable<Uint8Array>): Promise<ObjectSummary> {
    checkKey(ref.key);
    this.#bucket(ref.bucket);
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    const summary = {
      key: ref.key,
      size: whole.length,
      etag: createHash("md5").update(whole).digest("hex"),
      lastModified: this.#now(),
    };
    this.#bucket(ref.bucket).set(ref.key, { summary, body: whole });
    return summary;
  }

  async delete(ref: ObjectRef): Promise<void> {
    this.#bucket(ref.bucket).delete(ref.key);
  }

  #find({ bucket, key }: ObjectRef): StoredObject | undefined {
    return this.#bucket(bucket).get(key);
  }

  #bucket(name: string): Map<string, StoredObject> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw new FieldmarkError("BUCKET_NOT_FOUND", `There is no bucket ${name}`, { bucket: name });
    }
    return bucket;
  }
}
