import { FieldmarkError } from "@fieldmark/contract";
import type { RgbImage } from "../rgb-image.ts";

/** What every format's decoder answers: the pixels, and what else the file says about them. */
export interface DecodedFile extends RgbImage {
  /** Its EXIF orientation, 1 to 8; not yet applied to the pixels. */
  readonly orientation: number;
  readonly warnings?: readonly string[];
}

/** The file being decoded: its name for messages, and the size it may have. */
export interface DecodeContext {
  readonly file: string;
  readonly pixelLimit: number;
}

/**
 * Decodes one format as Pillow does.
 * @throws IMAGE_BROKEN, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE
 */
export type Decoder = (bytes: Uint8Array, context: DecodeContext) => Promise<DecodedFile>;

export function broken({ file }: DecodeContext, found: string, cause?: unknown): FieldmarkError {
  return new FieldmarkError("IMAGE_BROKEN", `${file}: ${found}`, { file }, cause);
}

export function truncated(context: DecodeContext, where: string): FieldmarkError {
  return broken(context, `the file ends inside ${where}; expected a whole picture`);
}

export function unsupported({ file }: DecodeContext, found: string): FieldmarkError {
  return new FieldmarkError("IMAGE_UNSUPPORTED", `${file}: ${found}`, { file });
}

/**
 * Refuses a picture by the size its header states, before anything of that size is allocated.
 * @throws IMAGE_BROKEN for an empty picture, IMAGE_TOO_LARGE above the limit
 */
export function checkSize(context: DecodeContext, width: number, height: number): void {
  if (!(width >= 1 && height >= 1)) {
    throw broken(context, `the header says ${width} × ${height} pixels; expected at least 1 × 1`);
  }
  if (!(width * height <= context.pixelLimit)) {
    throw new FieldmarkError(
      "IMAGE_TOO_LARGE",
      `${context.file}: ${width} × ${height} pixels; the limit is ${context.pixelLimit} pixels`,
      { file: context.file, width, height, pixelLimit: context.pixelLimit },
    );
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** ASCII text of a few bytes: a magic number, a chunk's name. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (const byte of bytes.subarray(start, end)) text += String.fromCharCode(byte);
  return text;
}
