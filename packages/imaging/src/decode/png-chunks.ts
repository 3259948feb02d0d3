import { crc32 } from "node:zlib";
import { ascii, broken, type DecodeContext, truncated, unsupported, viewOf } from "./decoder.ts";

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

export interface PngChunks {
  readonly header: PngHeader;
  /** Where the first image lies in the picture: all of it, but for an APNG's first frame. */
  readonly frame: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** RGB triples. */
  readonly palette: Uint8Array;
  /** The zlib stream: the image data chunks, joined. */
  readonly imageData: Uint8Array;
  readonly exif: Uint8Array;
  readonly xmp: Uint8Array;
}

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
  /** Whether the file holds all of it. */
  readonly whole: boolean;
  /** Where the checksum stands. */
  readonly end: number;
}

const SIGNATURE_BYTES = 8;
const IMAGE_DATA = new Set(["IDAT", "DDAT", "fdAT"]);
/** Bytes below which Pillow refuses the file. */
const LEAST_LENGTHS: Readonly<Record<string, number>> = {
  IHDR: 13,
  gAMA: 4,
  cHRM: 32,
  sRGB: 1,
  pHYs: 9,
  acTL: 8,
  fcTL: 26,
  fdAT: 4,
};

/** Walks the chunks as Pillow does: strictly up to the image data, loosely after them. */
export function readPngChunks(bytes: Uint8Array, context: DecodeContext): PngChunks {
  let header: PngHeader | undefined;
  let frame: PngChunks["frame"] | undefined;
  let palette = bytes.subarray(0, 0);
  let exif = palette;
  let xmp = palette;
  let at = SIGNATURE_BYTES;
  for (;;) {
    const chunk = readChunk(bytes, at);
    if (chunk === undefined)
      throw broken(context, `no chunk at byte ${at}; expected image data (IDAT) first`);
    if (chunk.name === "IEND") throw broken(context, "the file has no image data (IDAT)");
    if (IMAGE_DATA.has(chunk.name) && chunk.name !== "DDAT") break;
    if (!chunk.whole) throw truncated(context, `chunk ${chunk.name}`);
    checkChunk(chunk, bytes, context);
    const { name, data } = chunk;
    if (name === "IHDR") header = readHeader(data, context);
    else if (name === "PLTE") palette = readPalette(data, header, context);
    else if (name === "tRNS") checkTransparency(data, header, context);
    else if (name === "fcTL") frame = readFrame(data, header, context);
    else if (name === "iCCP" || name === "zTXt") checkCompression(chunk, context);
    else if (name === "eXIf") exif = data;
    else if (name === "iTXt") xmp = xmpOf(data) ?? xmp;
    at = chunk.end + 4;
  }
  if (header === undefined) throw broken(context, "the header chunk (IHDR) is missing");
  const { parts, end } = joinImageData(bytes, at);
  const after = readTail(bytes, end, context);
  return {
    header,
    frame: frame ?? { x: 0, y: 0, width: header.width, height: header.height },
    palette,
    imageData: parts,
    exif: after.exif ?? exif,
    xmp: after.xmp ?? xmp,
  };
}

function readChunk(bytes: Uint8Array, at: number): Chunk | undefined {
  if (at + 8 > bytes.length) return undefined;
  const name = ascii(bytes, at + 4, at + 8);
  if (!/^[A-Za-z0-9_]{4}$/.test(name)) return undefined;
  const end = at + 8 + viewOf(bytes).getUint32(at);
  return { name, data: bytes.subarray(at + 8, end), whole: end <= bytes.length, end };
}

function checkChunk({ name, data, end }: Chunk, bytes: Uint8Array, context: DecodeContext): void {
  const least = LEAST_LENGTHS[name] ?? 0;
  if (data.length < least) throw broken(context, `chunk ${name} has ${data.length} bytes; expected ${least}`);
  if (end + 4 > bytes.length) throw truncated(context, `the checksum of chunk ${name}`);
  if (viewOf(bytes).getUint32(end) !== crc32(data, crc32(name))) {
    throw broken(context, `the checksum of chunk ${name} is wrong`);
  }
}

function readHeader(data: Uint8Array, context: DecodeContext): PngHeader {
  const [depth = 0, colourType = 0, , filter = 0, interlace = 0] = data.subarray(8);
  if (filter !== 0) throw unsupported(context, `PNG filter method ${filter}; expected 0`);
  const view = viewOf(data);
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colourType,
    interlaced: interlace !== 0,
  };
}

function readPalette(data: Uint8Array, header: PngHeader | undefined, context: DecodeContext): Uint8Array {
  if (header?.colourType === 3 && data.length > 768) {
    throw broken(context, `a palette of ${data.length} bytes; expected at most 768`);
  }
  return data;
}

/** A name, a zero byte, then the method; Pillow knows method 0 alone, and wants a method in a profile. */
function checkCompression({ name, data }: Chunk, context: DecodeContext): void {
  const zero = data.indexOf(0);
  const method = zero < 0 && name === "zTXt" ? 0 : data[zero + 1];
  if (method === 0 || (method === undefined && name === "zTXt")) return;
  throw unsupported(context, `compression method ${method} in chunk ${name}; expected 0`);
}

function checkTransparency(data: Uint8Array, header: PngHeader | undefined, context: DecodeContext): void {
  const least = header?.colourType === 0 ? 2 : header?.colourType === 2 ? 6 : 0;
  if (data.length < least) throw broken(context, `chunk tRNS has ${data.length} bytes; expected ${least}`);
}

function readFrame(
  data: Uint8Array,
  header: PngHeader | undefined,
  context: DecodeContext,
): PngChunks["frame"] {
  const view = viewOf(data);
  const [width, height, x, y] = [4, 8, 12, 16].map((at) => view.getUint32(at)) as [
    number,
    number,
    number,
    number,
  ];
  if (view.getUint32(0) !== 0) throw broken(context, "the frames of the APNG are out of order");
  if (
    header === undefined ||
    x + width > header.width ||
    y + height > header.height ||
    width * height === 0
  ) {
    throw broken(context, `a frame of ${width} × ${height} at ${x}, ${y} reaches out of the picture`);
  }
  return { x, y, width, height };
}

function xmpOf(data: Uint8Array): Uint8Array | undefined {
  return ascii(data, 0, 18) === "XML:com.adobe.xmp\0" ? data : undefined;
}

function joinImageData(bytes: Uint8Array, start: number): { parts: Uint8Array; end: number } {
  const parts: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const chunk = readChunk(bytes, at);
    if (chunk === undefined || !IMAGE_DATA.has(chunk.name)) break;
    parts.push(chunk.name === "fdAT" ? chunk.data.subarray(4) : chunk.data);
    at = chunk.end + 4;
  }
  const [first] = parts;
  return { parts: parts.length === 1 && first !== undefined ? first : Buffer.concat(parts), end: at };
}

/** What follows the image data: read to IEND or to the first thing that is no chunk. */
function readTail(
  bytes: Uint8Array,
  start: number,
  context: DecodeContext,
): { exif?: Uint8Array; xmp?: Uint8Array } {
  let found: { exif?: Uint8Array; xmp?: Uint8Array } = {};
  for (let at = start; ; ) {
    const chunk = readChunk(bytes, at);
    if (chunk === undefined || chunk.name === "IEND" || chunk.name === "fcTL") return found;
    if (!chunk.whole) throw truncated(context, `chunk ${chunk.name}`);
    if (chunk.name === "iCCP" || chunk.name === "zTXt") checkCompression(chunk, context);
    if (chunk.name === "eXIf") found = { ...found, exif: chunk.data };
    const xmp = chunk.name === "iTXt" ? xmpOf(chunk.data) : undefined;
    if (xmp !== undefined) found = { ...found, xmp };
    at = chunk.end + 4;
  }
}
