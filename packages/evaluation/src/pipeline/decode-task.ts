import type { TransferredError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";
import type { SharedPixels } from "./pixel-batch.ts";

/** One of the tensors that are made of a picture. */
export interface DecodeTarget {
  readonly recipe: Preprocessing;
  /** float32 [height, width, 3], written by the decode thread. */
  readonly out: SharedPixels;
}

/** What a decode worker is asked: one file, and what to make of it. */
export type DecodeTask =
  | {
      readonly id: number;
      readonly kind: "decode";
      readonly path: string;
      /** The name people know the file by, for messages. */
      readonly file: string;
      /** ≥ 1, of recipes that differ in their arithmetic alone: the picture is decoded and resized by the first. */
      readonly targets: readonly DecodeTarget[];
    }
  | { readonly id: number; readonly kind: "thumbnail"; readonly path: string };

/** Asks a thread to end once it is done with its tasks. */
export type DecodeClose = { readonly kind: "close" };

/** What is known of a picture beside its pixels. */
export interface DecodedPicture {
  /** hex SHA-256 of the file's bytes */
  readonly sha256: string;
  readonly warnings: readonly string[];
}

export type DecodeAnswer =
  | { readonly id: number; readonly picture: DecodedPicture }
  /** A WebP picture; null where the file cannot be read. */
  | { readonly id: number; readonly thumbnail: Uint8Array | null }
  | { readonly id: number; readonly error: TransferredError }
  /** A bug: whatever was thrown, as text. */
  | { readonly id: number; readonly bug: string };
