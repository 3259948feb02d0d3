import type { DecodedImage } from "../rgb-image.ts";
import { decodeBmp } from "./bmp.ts";
import { ascii, broken, type Decoder, unsupported } from "./decoder.ts";
import { applyOrientation } from "./exif-orientation.ts";
import { decodeGif } from "./gif.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng } from "./png.ts";
import { decodeTiff } from "./tiff.ts";
import { decodeWebp } from "./webp.ts";

/** Pillow refuses more: twice its MAX_IMAGE_PIXELS. */
export const DEFAULT_PIXEL_LIMIT = 178_956_970;

export interface DecodeOptions {
  /** Names the picture in errors and warnings. */
  readonly file: string;
  /** "ignore" (the default) is what `Image.open` gives; "transpose" adds `ImageOps.exif_transpose`. */
  readonly exifOrientation?: "ignore" | "transpose";
  /** Width × height above which a picture is refused by its header. Default 178,956,970, as in Pillow. */
  readonly pixelLimit?: number;
}

interface Format {
  readonly name: string;
  /** First bytes of such files, as latin-1 text. */
  readonly starts: readonly string[];
  readonly decode: Decoder;
}

/** Every format that is decoded, known by its first bytes alone: file names are not looked at. */
export const IMAGE_FORMATS: readonly Format[] = [
  { name: "JPEG", starts: ["\xff\xd8\xff"], decode: decodeJpeg },
  { name: "PNG", starts: ["\x89PNG\r\n\x1a\n"], decode: decodePng },
  { name: "GIF", starts: ["GIF87a", "GIF89a"], decode: decodeGif },
  { name: "WebP", starts: ["RIFF"], decode: decodeWebp },
  { name: "BMP", starts: ["BM"], decode: decodeBmp },
  { name: "TIFF", starts: ["II*\0", "MM\0*", "MM*\0", "II\0*", "II+\0"], decode: decodeTiff },
];

/**
 * Decodes a picture to exactly the bytes of Pillow 13's `Image.open(f).convert("RGB")`.
 *
 * JPEG, PNG, GIF, WebP, BMP and TIFF; of several frames the first. Embedded colour profiles are ignored and
 * alpha is dropped, as there. Grey of more than 8 bits is clipped at 255, with a warning.
 *
 * @param bytes the whole file; not changed
 * @returns uint8 [height, width, 3], and warnings that name the file
 * @throws IMAGE_BROKEN for a damaged or truncated file, IMAGE_UNSUPPORTED for what is no picture of these
 * formats, IMAGE_TOO_LARGE above the pixel limit
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  const { file, exifOrientation = "ignore", pixelLimit = DEFAULT_PIXEL_LIMIT } = options;
  const context = { file, pixelLimit };
  if (bytes.length === 0) throw broken(context, "the file is empty");
  const firstBytes = ascii(bytes, 0, 8);
  const format = IMAGE_FORMATS.find(({ starts }) => starts.some((start) => firstBytes.startsWith(start)));
  if (format === undefined) {
    const names = IMAGE_FORMATS.map((candidate) => candidate.name).join(", ");
    throw unsupported(context, `not a picture of a known format (${names})`);
  }
  const decoded = await format.decode(bytes, context);
  const { width, height, data } =
    exifOrientation === "transpose" ? applyOrientation(decoded, decoded.orientation) : decoded;
  return { width, height, data, warnings: (decoded.warnings ?? []).map((warning) => `${file}: ${warning}`) };
}
