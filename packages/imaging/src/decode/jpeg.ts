import {
  ascii,
  broken,
  checkSize,
  type DecodeContext,
  type DecodedFile,
  truncated,
  unsupported,
} from "./decoder.ts";
import { exifOrientation, xmpOrientation } from "./exif-orientation.ts";
import { decodeNatively } from "./native.ts";
import { cmykToRgb, firstThree, greyToRgb } from "./to-rgb.ts";

interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Where the first scan's data start. */
  readonly scanStart: number;
  readonly exif: Uint8Array;
  readonly xmp: Uint8Array;
}

const SOS = 0xda;
const EOI = 0xd9;
/** Start-of-frame markers: C0 to CF but DHT (C4), JPG (C8) and DAC (CC); and DHP. */
const isFrame = (marker: number): boolean =>
  marker === 0xde ||
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
const hasSegment = (marker: number): boolean =>
  marker >= 0xc0 &&
  marker !== 0xc8 &&
  !(marker >= 0xd0 && marker <= 0xd9) &&
  !(marker >= 0xf0 && marker <= 0xfd);

/**
 * JPEG: baseline, extended, progressive and arithmetic; grey, RGB, YCbCr, CMYK and YCCK.
 * @see Pillow `JpegImagePlugin`; four components are Adobe's inverted CMYK, marked so or not, to libvips as to Pillow
 */
export async function decodeJpeg(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  const header = readHeader(bytes, context);
  checkSize(context, header.width, header.height);
  if (!endsProperly(bytes.subarray(header.scanStart)))
    throw truncated(context, "the compressed data (no end-of-image marker)");
  const { width, height, data } =
    header.components === 4
      ? await decodeCmyk(bytes, header, context)
      : await decodeColour(bytes, header, context);
  return {
    width,
    height,
    data,
    orientation: exifOrientation(header.exif) ?? xmpOrientation(header.xmp) ?? 1,
  };
}

async function decodeColour(bytes: Uint8Array, header: JpegHeader, context: DecodeContext) {
  const { width, height, channels, data } = await decodeNatively(bytes, context, {
    pixels: header.width * header.height,
  });
  return { width, height, data: channels === 1 ? greyToRgb(data) : firstThree(data, channels) };
}

async function decodeCmyk(bytes: Uint8Array, header: JpegHeader, context: DecodeContext) {
  const { width, height, data } = await decodeNatively(bytes, context, {
    pixels: header.width * header.height,
    prepare: (pipeline) => pipeline.pipelineColourspace("cmyk").toColourspace("cmyk"),
  });
  return { width, height, data: cmykToRgb(data) };
}

/** The segments before the first scan, read as Pillow reads them. */
function readHeader(bytes: Uint8Array, context: DecodeContext): JpegHeader {
  let frame: { width: number; height: number; components: number } | undefined;
  const exif: Uint8Array[] = [];
  let xmp = new Uint8Array();
  for (let at = 2; at + 1 < bytes.length; ) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== 0xff || marker === 0xff) {
      at += 1;
      continue;
    }
    at += 2;
    if (marker === 0) continue;
    if (marker < 0xc0)
      throw broken(context, `marker FF${marker.toString(16).padStart(2, "0")} in the header`);
    if (!hasSegment(marker)) continue;
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (at + Math.max(length, 2) > bytes.length) throw truncated(context, "the header");
    const segment = bytes.subarray(at + 2, at + Math.max(length, 2));
    at += Math.max(length, 2);
    if (isFrame(marker)) frame = readFrame(segment, context);
    else if (marker === 0xe1 && ascii(segment, 0, 6) === "Exif\0\0") {
      exif.push(exif.length === 0 ? segment : segment.subarray(6));
    } else if (marker === 0xe1 && ascii(segment, 0, 29) === "http://ns.adobe.com/xap/1.0/\0") {
      xmp = segment.slice(29);
    }
    if (marker === SOS) {
      if (frame === undefined) throw broken(context, "a scan starts before any frame header");
      return { ...frame, scanStart: at, exif: Buffer.concat(exif), xmp };
    }
  }
  throw truncated(context, "the header");
}

function readFrame(segment: Uint8Array, context: DecodeContext) {
  const [precision, height1, height0, width1, width0, components] = segment;
  if (components === undefined) throw truncated(context, "the frame header");
  if (precision !== 8) throw unsupported(context, `a JPEG of ${precision} bits a sample; expected 8`);
  if (components !== 1 && components !== 3 && components !== 4) {
    throw unsupported(context, `a JPEG of ${components} components; expected 1, 3 or 4`);
  }
  const pair = (high = 0, low = 0): number => (high << 8) | low;
  return { width: pair(width1, width0), height: pair(height1, height0), components };
}

/** Whether an end-of-image marker follows the compressed data; Pillow waits for it. */
function endsProperly(scans: Uint8Array): boolean {
  for (let at = scans.lastIndexOf(EOI); at > 0; at = scans.lastIndexOf(EOI, at - 1)) {
    if (scans[at - 1] === 0xff) return true;
  }
  return false;
}
