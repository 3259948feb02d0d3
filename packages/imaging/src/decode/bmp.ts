import { decodeRle } from "./bmp-rle.ts";
import {
  broken,
  checkSize,
  type DecodeContext,
  type DecodedFile,
  truncated,
  unsupported,
  viewOf,
} from "./decoder.ts";
import { greyToRgb, indicesToRgb, paletteOf } from "./to-rgb.ts";

const FILE_HEADER = 14;
const INFO_HEADERS = [40, 52, 56, 64, 108, 124];
const [RAW, RLE8, RLE4, BITFIELDS] = [0, 1, 2, 3] as const;

interface BmpHeader {
  readonly headerSize: number;
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly colors: number;
  /** Bytes of one palette entry. */
  readonly entryBytes: number;
  readonly masks: readonly number[];
  /** Where the palette starts. */
  readonly end: number;
}

/** What the bits of a palette picture stand for. */
type Meaning =
  | { readonly kind: "bilevel" | "grey" }
  | { readonly kind: "palette"; readonly palette: Uint8Array };

/** Byte places of red, green and blue in a 32-bit pixel, by the masks that Pillow knows. */
type Places = readonly [number, number, number];
const MASKS_32: Readonly<Record<string, Places>> = {
  "ff0000,ff00,ff,0": [2, 1, 0],
  "ff000000,ff0000,ff00,0": [3, 2, 1],
  "ff000000,ff00,ff,0": [3, 1, 0],
  "ff000000,ff0000,ff00,ff": [3, 2, 1],
  "ff,ff00,ff0000,ff000000": [0, 1, 2],
  "ff0000,ff00,ff,ff000000": [2, 1, 0],
  "ff000000,ff00,ff,ff0000": [3, 1, 0],
  "0,0,0,0": [2, 1, 0],
};

/**
 * BMP of 1, 4, 8, 16, 24 and 32 bits, RLE4, RLE8 and bit fields, top-down too, with Windows' and OS/2's headers.
 * @see Pillow `BmpImagePlugin`, which this follows in what it refuses as well
 */
export async function decodeBmp(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  const header = readHeader(bytes, context);
  const { width, height, bits, compression } = header;
  checkSize(context, width, height);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unsupported(context, `a BMP of ${bits} bits a pixel`);
  if (compression > BITFIELDS) throw unsupported(context, `BMP compression ${compression}`);
  const dataStart = dataOffset(bytes, header);
  const data =
    bits <= 8
      ? decodeIndexed(bytes, header, dataStart, context)
      : decodeColour(bytes, header, dataStart, context);
  return { width, height, data, orientation: 1 };
}

function readHeader(bytes: Uint8Array, context: DecodeContext): BmpHeader {
  if (bytes.length < FILE_HEADER + 4) throw truncated(context, "the header");
  const view = viewOf(bytes);
  const headerSize = view.getUint32(FILE_HEADER, true);
  const end = FILE_HEADER + headerSize;
  if (headerSize !== 12 && !INFO_HEADERS.includes(headerSize)) {
    throw unsupported(context, `a BMP header of ${headerSize} bytes`);
  }
  if (end > bytes.length) throw truncated(context, "the header");
  const u16 = (at: number): number => view.getUint16(FILE_HEADER + at, true);
  const u32 = (at: number): number => view.getUint32(FILE_HEADER + at, true);
  if (headerSize === 12) {
    const bits = u16(10);
    const colors = 2 ** Math.min(bits, 32);
    const plain = { compression: RAW, masks: [], topDown: false, entryBytes: 3 };
    return { ...plain, headerSize, width: u16(4), height: u16(6), bits, colors, end };
  }
  const topDown = bytes[FILE_HEADER + 11] === 0xff;
  const bits = u16(14);
  const compression = u32(16);
  const maskCount = compression !== BITFIELDS ? 0 : headerSize >= 56 ? 4 : 3;
  // A 40-byte header has its masks behind it, before the palette.
  const inside = headerSize >= 52;
  if (!inside && end + 4 * maskCount > bytes.length) throw truncated(context, "the header");
  return {
    headerSize,
    width: u32(4),
    height: topDown ? 2 ** 32 - u32(8) : u32(8),
    topDown,
    bits,
    compression,
    colors: u32(32) || 2 ** Math.min(bits, 32),
    entryBytes: 4,
    masks: Array.from({ length: maskCount }, (_, i) => u32(40 + 4 * i)),
    end: inside ? end : end + 4 * maskCount,
  };
}

/** Where the pixels start; an offset that points at the palette is moved behind it, as Pillow does. */
function dataOffset(bytes: Uint8Array, header: BmpHeader): number {
  const offset = viewOf(bytes).getUint32(10, true);
  const palette = header.bits <= 8 ? header.entryBytes * header.colors : 0;
  if (offset === 0) return header.end + palette;
  return offset === FILE_HEADER + header.headerSize ? offset + palette : offset;
}

function decodeIndexed(
  bytes: Uint8Array,
  header: BmpHeader,
  start: number,
  context: DecodeContext,
): Uint8Array {
  const { width, height, bits, compression } = header;
  if (compression === BITFIELDS) throw unsupported(context, `bit fields in a BMP of ${bits} bits a pixel`);
  const meaning = readPalette(bytes, header, context);
  let pixels: Uint8Array;
  if (compression === RLE8 || compression === RLE4) {
    pixels = decodeRle(bytes, { start, width, height, fourBits: compression === RLE4 }, context);
    if (!header.topDown) pixels = flipped(pixels, width, height);
  } else {
    const rowBits = meaning.kind === "palette" ? bits : meaning.kind === "bilevel" ? 1 : 8;
    pixels = unpack(rawRows(bytes, header, { start, rowBits }, context), width, height, rowBits);
  }
  if (meaning.kind === "palette") return indicesToRgb(pixels, meaning.palette);
  return greyToRgb(meaning.kind === "grey" ? pixels : pixels.map((bit) => (bit === 0 ? 0 : 255)));
}

/** A palette of plain greys (or black and white) is dropped by Pillow, and the picture read as grey. */
function readPalette(bytes: Uint8Array, header: BmpHeader, context: DecodeContext): Meaning {
  const { colors, entryBytes, end } = header;
  if (colors > 65_536) throw unsupported(context, `a BMP palette of ${colors} colours`);
  const entries = bytes.subarray(end, end + entryBytes * colors);
  let isGrey = true;
  for (let i = 0; i < colors && isGrey; i++) {
    const grey = colors === 2 ? i * 255 : i & 255;
    for (let k = 0; k < 3; k++) if (entries[i * entryBytes + k] !== grey) isGrey = false;
  }
  if (isGrey) return { kind: colors <= 2 ? "bilevel" : "grey" };
  if (colors > 256 && entries.length > 256 * entryBytes) {
    throw broken(context, `a BMP palette of ${colors} colours; expected at most 256`);
  }
  const rgb = new Uint8Array(Math.floor(entries.length / entryBytes) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += entryBytes) {
    rgb[to++] = entries[from + 2] as number;
    rgb[to++] = entries[from + 1] as number;
    rgb[to++] = entries[from] as number;
  }
  return { kind: "palette", palette: paletteOf(rgb) };
}

/** The rows of an uncompressed BMP, top row first, without their padding. */
function rawRows(
  bytes: Uint8Array,
  { width, height, bits, topDown }: BmpHeader,
  { start, rowBits }: { start: number; rowBits: number },
  context: DecodeContext,
): Uint8Array {
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  const rowBytes = Math.ceil((width * rowBits) / 8);
  if (rowBytes > stride) throw broken(context, `rows of ${rowBytes} bytes where the header leaves ${stride}`);
  if (start + (height - 1) * stride + rowBytes > bytes.length) throw truncated(context, "the pixels");
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const from = start + (topDown ? y : height - 1 - y) * stride;
    rows.set(bytes.subarray(from, from + rowBytes), y * rowBytes);
  }
  return rows;
}

function unpack(rows: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  if (bits === 8) return rows;
  const rowBytes = rows.length / height;
  const mask = (1 << bits) - 1;
  const pixels = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const bit = x * bits;
      pixels[to] = ((rows[y * rowBytes + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return pixels;
}

function flipped(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    out.set(pixels.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
  }
  return out;
}

function decodeColour(
  bytes: Uint8Array,
  header: BmpHeader,
  start: number,
  context: DecodeContext,
): Uint8Array {
  const { bits, compression } = header;
  if (compression === RLE8 || compression === RLE4) {
    throw unsupported(context, `run-length coding in a BMP of ${bits} bits a pixel`);
  }
  const masks = header.masks.map((mask) => mask.toString(16));
  const colourMasks = masks.slice(0, 3).join(",");
  const rows = rawRows(bytes, header, { start, rowBits: bits }, context);
  if (bits === 16) {
    const greenBits = compression === RAW || colourMasks === "7c00,3e0,1f" ? 5 : 6;
    if (greenBits === 6 && colourMasks !== "f800,7e0,1f")
      throw unsupported(context, `BMP bit fields ${masks}`);
    return fiveBitRgb(rows, greenBits);
  }
  let places: Places | undefined = [2, 1, 0];
  if (compression === BITFIELDS) {
    const known: Readonly<Record<string, Places>> = bits === 32 ? MASKS_32 : { "ff0000,ff00,ff": places };
    places = known[bits === 32 ? `${colourMasks},${masks[3] ?? 0}` : colourMasks];
    if (places === undefined) throw unsupported(context, `BMP bit fields ${masks}`);
  }
  return reordered(rows, bits / 8, places);
}

function reordered(rows: Uint8Array, pixelBytes: number, [r, g, b]: Places): Uint8Array {
  const rgb = new Uint8Array((rows.length / pixelBytes) * 3);
  for (let from = 0, to = 0; from < rows.length; from += pixelBytes) {
    rgb[to++] = rows[from + r] as number;
    rgb[to++] = rows[from + g] as number;
    rgb[to++] = rows[from + b] as number;
  }
  return rgb;
}

function fiveBitRgb(rows: Uint8Array, greenBits: 5 | 6): Uint8Array {
  const rgb = new Uint8Array((rows.length / 2) * 3);
  const greenMax = (1 << greenBits) - 1;
  for (let from = 0, to = 0; from < rows.length; from += 2) {
    const value = (rows[from] as number) | ((rows[from + 1] as number) << 8);
    rgb[to++] = (((value >> (5 + greenBits)) & 31) * 255) / 31;
    rgb[to++] = (((value >> 5) & greenMax) * 255) / greenMax;
    rgb[to++] = ((value & 31) * 255) / 31;
  }
  return rgb;
}
