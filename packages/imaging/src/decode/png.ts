import {
  broken,
  checkSize,
  type DecodeContext,
  type DecodedFile,
  truncated,
  unsupported,
} from "./decoder.ts";
import { exifOrientation, xmpOrientation } from "./exif-orientation.ts";
import { inflateUpTo } from "./inflate.ts";
import { readPngChunks } from "./png-chunks.ts";
import { packedRows, unfilteredPixels } from "./png-rows.ts";
import { CLIPPED_WARNING, every, firstThree, greyToRgb, indicesToRgb, paletteOf } from "./to-rgb.ts";

const GREY = 0;
const TRUECOLOUR = 2;
const INDEXED = 3;
/** Samples a pixel by colour type, and the depths each may have. */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [TRUECOLOUR]: { samples: 3, depths: [8, 16] },
  [INDEXED]: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/**
 * PNG of every depth and colour type, interlaced or not; the first frame of an APNG.
 * Alpha is dropped, not blended; 16-bit colour keeps its high byte; 16-bit grey is clipped at 255.
 * @see Pillow `PngImagePlugin`, `ZipDecode.c`: checksums before the image data count, those of the data do not
 */
export async function decodePng(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  const { header, frame, palette, imageData, exif, xmp } = readPngChunks(bytes, context);
  const { width, height, depth, colourType, interlaced } = header;
  const kind = COLOUR_TYPES[colourType];
  if (kind === undefined || !kind.depths.includes(depth)) {
    throw unsupported(context, `a PNG of colour type ${colourType} with ${depth} bits a sample`);
  }
  checkSize(context, width, height);
  const rows = packedRows(frame, depth * kind.samples, interlaced);
  const inflated = await inflateUpTo(imageData, rows.packedLength);
  if (inflated === undefined) throw broken(context, "the compressed data are damaged");
  if (!inflated.ended) throw truncated(context, "the image data");
  const pixels = unfilteredPixels(inflated.data, rows, context);
  const whole = { width, height, samples: kind.samples * (depth === 16 ? 2 : 1) };
  const samples = placed(pixels, frame, whole);
  return {
    width,
    height,
    data: toRgb(samples, colourType, depth, paletteOf(palette)),
    orientation: exifOrientation(exif) ?? xmpOrientation(xmp) ?? 1,
    ...(colourType === GREY && depth === 16 && hasHighBytes(samples) ? { warnings: [CLIPPED_WARNING] } : {}),
  };
}

/** The frame's pixels in a canvas of zeros: an APNG's first frame may be smaller than the picture. */
function placed(
  pixels: Uint8Array,
  frame: { x: number; y: number; width: number; height: number },
  whole: { width: number; height: number; samples: number },
): Uint8Array {
  if (frame.width === whole.width && frame.height === whole.height) return pixels;
  const canvas = new Uint8Array(whole.width * whole.height * whole.samples);
  const row = frame.width * whole.samples;
  for (let y = 0; y < frame.height; y++) {
    canvas.set(
      pixels.subarray(y * row, (y + 1) * row),
      ((frame.y + y) * whole.width + frame.x) * whole.samples,
    );
  }
  return canvas;
}

function toRgb(samples: Uint8Array, colourType: number, depth: number, palette: Uint8Array): Uint8Array {
  if (colourType === INDEXED) return indicesToRgb(samples, palette);
  if (colourType === GREY) return greyToRgb(depth === 16 ? clipped(samples) : scaled(samples, depth));
  const eightBit = depth === 16 ? every(samples, 2) : samples;
  return colourType === 4 ? greyToRgb(every(eightBit, 2)) : firstThree(eightBit, colourType === 6 ? 4 : 3);
}

function scaled(grey: Uint8Array, depth: number): Uint8Array {
  if (depth === 8) return grey;
  const step = 255 / ((1 << depth) - 1);
  return grey.map((value) => value * step);
}

function clipped(big: Uint8Array): Uint8Array {
  const out = new Uint8Array(big.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = big[2 * i] === 0 ? (big[2 * i + 1] as number) : 255;
  return out;
}

function hasHighBytes(big: Uint8Array): boolean {
  for (let i = 0; i < big.length; i += 2) if (big[i] !== 0) return true;
  return false;
}
