import type { Readable } from "node:stream";

/** Where an object is: S3's bucket and key. */
export interface ObjectRef {
  readonly bucket: string;
  /** 1–1,024 bytes of UTF-8 */
  readonly key: string;
}

/** What a list says of an object. */
export interface ObjectSummary {
  readonly key: string;
  /** bytes */
  readonly size: number;
  /** without quotes */
  readonly etag: string;
  readonly lastModified: Date;
}

export interface ListPage {
  /** In the order of the keys' UTF-8 bytes. */
  readonly objects: readonly ObjectSummary[];
  /** Start of the next page; null on the last one. */
  readonly next: string | null;
}

/**
 * Objects as jobs use them: what transfer needs, and no more. A folder, any S3 endpoint and memory implement it; each
 * passes `objectStoreContract`.
 */
export interface ObjectStore {
  /** @throws BUCKET_NOT_FOUND */
  list(bucket: string, prefix: string, startAfter?: string): Promise<ListPage>;
  /** null when there is no such object. */
  head(ref: ObjectRef): Promise<ObjectSummary | null>;
  /** @throws OBJECT_NOT_FOUND, BUCKET_NOT_FOUND */
  get(ref: ObjectRef): Promise<Readable>;
  /**
   * Durable and whole when it resolves; a failed put leaves what was there.
   * @throws BUCKET_NOT_FOUND, DISK
   */
  put(
    ref: ObjectRef,
    body: AsyncIterable<Uint8Array>,
    options?: { readonly contentType?: string },
  ): Promise<ObjectSummary>;
  delete(ref: ObjectRef): Promise<void>;
  /**
   * Makes `path` the object itself, without a copy: a hard link to a read-only file. false where the store cannot
   * (another file system, not a folder): then `get` and write. Absent on stores that never can.
   */
  link?(ref: ObjectRef, path: string): Promise<boolean>;
}
