import type { TransferredError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";

/** What a decode worker is asked: one file, and what to make of it. */
export interface DecodeTask {
  readonly id: number;
  readonly path: string;
  /** The name people know the file by, for messages. */
  readonly file: string;
  /** ≥ 1 recipes that differ in their arithmetic alone: the picture is decoded and resized once, by the first. */
  readonly recipes: readonly Preprocessing[];
}

/** A picture ready for the model. */
export interface DecodedPicture {
  /** hex SHA-256 of the file's bytes */
  readonly sha256: string;
  /** float32 [height, width, 3] of each recipe */
  readonly tensors: readonly Float32Array<ArrayBuffer>[];
  readonly warnings: readonly string[];
}

export type DecodeAnswer =
  | ({ readonly id: number; readonly ok: true } & DecodedPicture)
  | { readonly id: number; readonly ok: false; readonly error: TransferredError }
  /** A bug: whatever was thrown, as text. */
  | { readonly id: number; readonly ok: false; readonly bug: string };
