import {
  ascii,
  broken,
  checkSize,
  type DecodeContext,
  type DecodedFile,
  truncated,
  unsupported,
  viewOf,
} from "./decoder.ts";
import { exifOrientation, xmpOrientation } from "./exif-orientation.ts";
import { decodeNatively } from "./native.ts";
import { firstThree } from "./to-rgb.ts";

/** WebP, lossy or lossless; the first frame of an animation, on its canvas. Alpha is dropped, not blended. */
export async function decodeWebp(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  const size = readSize(bytes, context);
  checkSize(context, size.width, size.height);
  const { width, height, channels, data } = await decodeNatively(bytes, context, {
    pixels: size.width * size.height,
  });
  const exif = findChunk(bytes, "EXIF");
  const xmp = findChunk(bytes, "XMP ");
  return {
    width,
    height,
    data: firstThree(data, channels),
    orientation: (exif && exifOrientation(exif)) ?? (xmp && xmpOrientation(xmp)) ?? 1,
  };
}

function readSize(bytes: Uint8Array, context: DecodeContext): { width: number; height: number } {
  if (bytes.length < 30) throw truncated(context, "the header");
  if (ascii(bytes, 8, 12) !== "WEBP") throw unsupported(context, "a RIFF file that is no WebP picture");
  const view = viewOf(bytes);
  const kind = ascii(bytes, 12, 16);
  if (kind === "VP8 ") {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (kind === "VP8L") {
    const packed = view.getUint32(21, true);
    return { width: (packed & 0x3fff) + 1, height: ((packed >> 14) & 0x3fff) + 1 };
  }
  if (kind === "VP8X") {
    return { width: (view.getUint32(23, true) >>> 8) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
  }
  throw broken(context, `WebP chunk "${kind.replace(/[^ -~]/g, "?")}"; expected VP8, VP8L or VP8X first`);
}

function findChunk(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (ascii(bytes, at, at + 4) === name) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length & 1);
  }
  return undefined;
}
