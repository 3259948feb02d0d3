import type { Readable } from "node:stream";
import type { ObjectSummary } from "../object-store.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A checksum of S3's additional kinds. */
export interface Checksum {
  /** CRC32, CRC32C, CRC64NVME, SHA1, SHA256 */
  readonly algorithm: string;
  /** base64; a composite one ends with `-N` parts, as S3 prints it */
  readonly value: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** What a client says of an object beside its bytes; kept as given and given back. Absent means never said. */
export interface ObjectAttributes {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  /** The header's text. */
  readonly expires?: string | undefined;
  /** Names without `x-amz-meta-`. */
  readonly userMetadata?: Readonly<Record<string, string>> | undefined;
  readonly storageClass?: string | undefined;
  /** Server-side encryption headers to echo, by lower-case name. Never holds a key of the customer. */
  readonly encryption?: Readonly<Record<string, string>> | undefined;
  readonly websiteRedirectLocation?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly checksums?: readonly Checksum[] | undefined;
}

/** One part of an object made by a multipart upload. */
export interface ObjectPart {
  /** 1–10,000 */
  readonly number: number;
  /** bytes */
  readonly size: number;
  readonly checksums: readonly Checksum[];
}

/** All that is known of an object. */
export interface ObjectInfo extends ObjectSummary {
  readonly attributes: ObjectAttributes;
  /** In order; empty for an object that was put whole. */
  readonly parts: readonly ObjectPart[];
}

export interface ByteRange {
  readonly offset: number;
  /** bytes */
  readonly length: number;
}

/** An object's body, open: what is read stays whole when the key is overwritten or deleted meanwhile. */
export interface OpenedObject extends AsyncDisposable {
  readonly info: ObjectInfo;
  /** May be called once; the end or destruction of the stream closes the object. */
  read(range?: ByteRange): Readable;
  /**
   * Fills the caller's memory with what lies at `position`, so that one piece of memory serves a whole body. The caller
   * closes the object.
   * @returns how many bytes; 0 at the end
   */
  readInto(target: Uint8Array, position: number): Promise<number>;
  /** For an object that is not read. Harmless after `read`'s stream has ended. */
  close(): Promise<void>;
}

/** Judged at the moment of the commit, under the key's lock. */
export interface PutConditions {
  /** The key's object must exist and have this etag (without quotes), or be any object for "*". */
  readonly ifMatch?: string | undefined;
  /** "*": there must be no object; otherwise no object with this etag. */
  readonly ifNoneMatch?: string | undefined;
}

/** What the body turned out to be. */
export interface ReceivedBody {
  /** bytes */
  readonly size: number;
  /** 16 bytes */
  readonly md5: Buffer;
}

export interface PutOptions {
  readonly contentType?: string | undefined;
  readonly attributes?: ObjectAttributes | undefined;
  readonly conditions?: PutConditions | undefined;
  /**
   * Called when the whole body has been written and nothing is visible yet. Throwing refuses the object; attributes
   * that are returned (checksums of a trailer, say) are merged over the ones given.
   */
  readonly beforeCommit?:
    | ((body: ReceivedBody) => Promise<ObjectAttributes | undefined> | ObjectAttributes | undefined)
    | undefined;
}

export interface CopyOptions {
  /** Replaces the source's attributes (REPLACE); kept when absent (COPY). */
  readonly attributes?: ObjectAttributes | undefined;
  /** Judged on the target. */
  readonly conditions?: PutConditions | undefined;
  /**
   * Sees the source before anything is copied; throwing refuses the copy (x-amz-copy-source-if-…). Attributes that are
   * returned replace the source's, whatever `attributes` says.
   */
  readonly beforeCopy?: ((source: ObjectInfo) => ObjectAttributes | undefined) | undefined;
}

export interface Bucket {
  readonly name: string;
  readonly created: Date;
}

export interface ListOptions {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /**
   * Only keys behind this one. When it is a common prefix of this very list (it ends with the delimiter), that prefix
   * is not listed again: so the last entry of a page, key or common prefix, starts the next.
   */
  readonly startAfter?: string | undefined;
  /** Objects and common prefixes together; 1,000 when absent. */
  readonly maxKeys?: number | undefined;
}

/** What a list of the folder store says of an object. */
export interface ListedObject extends ObjectSummary {
  readonly storageClass: string | undefined;
  readonly checksums: readonly Checksum[];
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** `startAfter` of the next page; null on the last one. */
  readonly next: string | null;
}
