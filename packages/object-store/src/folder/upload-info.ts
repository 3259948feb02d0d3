import type { ObjectRef } from "../object-store.ts";
import type { Checksum, ObjectAttributes, PutConditions, ReceivedBody } from "./object-info.ts";

/** Names one multipart upload. */
export interface UploadRef extends ObjectRef {
  readonly uploadId: string;
}

export interface Upload extends UploadRef {
  readonly initiated: Date;
  readonly attributes: ObjectAttributes;
  /** As said at creation; undefined when the client named none. */
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: Checksum["type"] | undefined;
}

export interface CreateUploadOptions {
  readonly attributes?: ObjectAttributes | undefined;
  readonly checksumAlgorithm?: string | undefined;
  readonly checksumType?: Checksum["type"] | undefined;
}

export interface UploadPart {
  /** 1–10,000 */
  readonly number: number;
  /** bytes */
  readonly size: number;
  /** hex md5 of the part, without quotes */
  readonly etag: string;
  readonly lastModified: Date;
  readonly checksums: readonly Checksum[];
}

export interface PutPartOptions {
  readonly checksums?: readonly Checksum[] | undefined;
  /** As at `put`: throwing refuses the part; checksums that are returned replace the ones given. */
  readonly beforeCommit?:
    | ((body: ReceivedBody) => Promise<readonly Checksum[] | undefined> | readonly Checksum[] | undefined)
    | undefined;
}

/** A part as the client names it when it completes the upload. */
export interface PartClaim {
  readonly number: number;
  /** without quotes */
  readonly etag: string;
  /** Checked against the part's where given. */
  readonly checksums?: readonly Checksum[] | undefined;
}

export interface CompleteOptions {
  readonly conditions?: PutConditions | undefined;
  /** Sees the stored parts that were claimed, in order, before anything is written; throwing refuses. */
  readonly beforeAssembly?: ((parts: readonly UploadPart[], upload: Upload) => void) | undefined;
  /** As at `put`. */
  readonly beforeCommit?:
    | ((
        body: { readonly size: number; readonly etag: string },
        parts: readonly UploadPart[],
      ) => Promise<ObjectAttributes | undefined> | ObjectAttributes | undefined)
    | undefined;
}
