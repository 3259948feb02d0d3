import { viewOf } from "./decoder.ts";
import type { TiffLayout } from "./tiff-segments.ts";
import {
  CLIPPED_WARNING,
  clipTo8,
  cmykToRgb,
  every,
  firstThree,
  greyToRgb,
  indicesToRgb,
  paletteOf,
} from "./to-rgb.ts";

/** What a pixel's first samples mean; samples after them are dropped. */
export type SampleMeaning =
  | "white-is-zero"
  | "grey"
  | "grey-signed"
  | "grey-float"
  | "palette"
  | "rgb"
  | "rgb-premultiplied"
  | "cmyk"
  | "ycbcr";

export interface TiffColour {
  readonly bits: number;
  readonly samples: number;
  readonly meaning: SampleMeaning;
  /** 16-bit reds, then greens, then blues. */
  readonly colorMap: readonly number[];
}

interface SampleTags {
  readonly photometric: number;
  readonly bits: number;
  readonly samples: number;
  readonly extra: readonly number[];
  /** 1 unsigned, 2 signed, 3 float. */
  readonly format: number;
  readonly littleEndian: boolean;
  readonly reversedBits: boolean;
}

/** The rows of Pillow's OPEN_INFO as rules; undefined for what it does not open. */
export function sampleMeaning(tags: SampleTags): SampleMeaning | undefined {
  const { photometric, bits, samples, extra, format } = tags;
  if (photometric <= 1 && samples === 1 && extra.length === 0) return greyMeaning(tags);
  if (format !== 1) return undefined;
  if (tags.reversedBits && (bits > 8 || extra.length > 0 || samples !== (photometric === 2 ? 3 : 1)))
    return undefined;
  const colours = COLOURS[photometric];
  const missingExtra = photometric === 2 && samples === 4 && extra.length === 0;
  if (colours === undefined || (samples !== colours + extra.length && !missingExtra)) return undefined;
  const [first = 0, ...rest] = extra;
  const restIsUnspecified = rest.every((value) => value === 0);
  switch (photometric) {
    case 1:
      return bits === 8 && extra.length === 1 && (first === 0 || first === 2) ? "grey" : undefined;
    case 2: {
      if (!restIsUnspecified || extra.length > (bits === 8 ? 3 : 1) || (bits !== 8 && bits !== 16))
        return undefined;
      if (first === 1) return "rgb-premultiplied";
      return first === 0 || first === 2 || (first === 999 && bits === 8 && rest.length === 0)
        ? "rgb"
        : undefined;
    }
    case 3:
      if (extra.length === 0) return [1, 2, 4, 8].includes(bits) ? "palette" : undefined;
      return bits === 8 && extra.length === 1 && (first === 0 || first === 2) ? "palette" : undefined;
    case 5:
      if (bits === 16) return extra.length === 0 ? "cmyk" : undefined;
      return bits === 8 && extra.length <= 2 && first === 0 && restIsUnspecified ? "cmyk" : undefined;
    case 6:
      return bits === 8 && extra.length === 0 ? (samples === 1 ? "grey" : "ycbcr") : undefined;
    default:
      return undefined;
  }
}

/** Colour samples of a pixel by photometric interpretation. */
const COLOURS: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };

function greyMeaning({
  photometric,
  bits,
  format,
  littleEndian,
  reversedBits,
}: SampleTags): SampleMeaning | undefined {
  const inverted = photometric === 0;
  if (bits <= 8) {
    if (![1, 2, 4, 8].includes(bits)) return undefined;
    if (format === 2) return bits === 8 && !inverted && !reversedBits ? "grey" : undefined;
    return format !== 1 ? undefined : inverted ? "white-is-zero" : "grey";
  }
  if (bits === 16 && format === 1) {
    // Pillow inverts no 16-bit grey, and reads the inverted kind in one byte order only.
    if (!littleEndian) return inverted || reversedBits ? undefined : "grey";
    return inverted && reversedBits ? undefined : "grey";
  }
  if (reversedBits) return undefined;
  if (bits === 12 && format === 1) return littleEndian && !inverted ? "grey" : undefined;
  if (bits === 32 && format === 3) return "grey-float";
  if (inverted) return undefined;
  if (format === 2) return bits === 16 || bits === 32 ? "grey-signed" : undefined;
  return bits === 32 && format === 1 && littleEndian ? "grey" : undefined;
}

/** Converts planes of samples to [height, width, 3] as Pillow's modes convert to RGB. */
export function toRgb(
  planes: readonly Uint8Array[],
  { bits, samples, meaning, colorMap }: TiffColour,
  { width, height, byteOrder }: TiffLayout,
): { data: Uint8Array; warnings: readonly string[] } {
  const [first] = planes;
  if (first === undefined) return { data: new Uint8Array(width * height * 3), warnings: [] };
  if (bits > 8 && samples === 1) return wideGrey(first, { bits, meaning, width, height, byteOrder });
  const chunky =
    planes.length === 1
      ? unpack(first, { bits, samples, width, height })
      : interleave(planes, bits === 16 ? 2 : 1);
  const pixels = bits === 16 ? every(chunky, 2, { offset: byteOrder === "little" ? 1 : 0 }) : chunky;
  return { data: eightBitToRgb(pixels, { bits, samples, meaning, colorMap }), warnings: [] };
}

function eightBitToRgb(pixels: Uint8Array, { bits, samples, meaning, colorMap }: TiffColour): Uint8Array {
  if (meaning === "rgb") return firstThree(pixels, samples);
  if (meaning === "rgb-premultiplied") return firstThree(unmultiplied(pixels, samples), samples);
  if (meaning === "cmyk") return cmykToRgb(samples === 4 ? pixels : every(pixels, samples, { count: 4 }));
  const single = samples === 1 ? pixels : every(pixels, samples);
  if (meaning === "palette") return indicesToRgb(single, paletteFrom(colorMap));
  const step = bits >= 8 ? 1 : 255 / ((1 << bits) - 1);
  return greyToRgb(single.map((value) => (meaning === "white-is-zero" ? 255 - value * step : value * step)));
}

function paletteFrom(colorMap: readonly number[]): Uint8Array {
  const colours = Math.floor(colorMap.length / 3);
  return paletteOf(
    Uint8Array.from(
      { length: colours * 3 },
      (_, i) => (colorMap[(i % 3) * colours + Math.floor(i / 3)] ?? 0) >> 8,
    ),
  );
}

/** Colour divided by alpha, as Pillow's unpackRGBa does it. */
function unmultiplied(pixels: Uint8Array, samples: number): Uint8Array {
  const out = pixels.slice();
  for (let at = 0; at + 3 < out.length; at += samples) {
    const alpha = out[at + 3] as number;
    for (let k = at; k < at + 3; k++) {
      out[k] = alpha === 0 ? 0 : Math.min(255, Math.floor(((out[k] as number) * 255) / alpha));
    }
  }
  return out;
}

interface Packing {
  readonly bits: number;
  readonly samples: number;
  readonly width: number;
  readonly height: number;
}

function unpack(plane: Uint8Array, { bits, samples, width, height }: Packing): Uint8Array {
  if (bits >= 8) return plane;
  const rowBytes = plane.length / height;
  const mask = (1 << bits) - 1;
  const out = new Uint8Array(width * height * samples);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width * samples; x++, to++) {
      const bit = x * bits;
      out[to] = ((plane[y * rowBytes + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return out;
}

function interleave(planes: readonly Uint8Array[], sampleBytes: number): Uint8Array {
  const out = new Uint8Array(planes.reduce((sum, plane) => sum + plane.length, 0));
  planes.forEach((plane, sample) => {
    let to = sample * sampleBytes;
    for (let from = 0; from < plane.length; to += planes.length * sampleBytes) {
      for (let k = 0; k < sampleBytes; k++) out[to + k] = plane[from++] as number;
    }
  });
  return out;
}

interface WideGrey {
  readonly bits: number;
  readonly meaning: SampleMeaning;
  readonly width: number;
  readonly height: number;
  readonly byteOrder: TiffLayout["byteOrder"];
}

function wideGrey(
  plane: Uint8Array,
  { bits, meaning, width, height, byteOrder }: WideGrey,
): { data: Uint8Array; warnings: readonly string[] } {
  const grey = new Uint8Array(width * height);
  const view = viewOf(plane);
  const rowBytes = plane.length / height;
  const little = byteOrder === "little";
  const read = (x: number, y: number): number => {
    if (bits === 12) {
      const at = y * rowBytes + ((x * 12) >> 3);
      const [high = 0, low = 0] = plane.subarray(at, at + 2);
      return x % 2 === 0 ? (high << 4) | (low >> 4) : ((high & 15) << 8) | low;
    }
    const at = y * rowBytes + x * (bits >> 3);
    if (meaning === "grey-float") return view.getFloat32(at, little);
    if (bits === 16)
      return meaning === "grey-signed" ? view.getInt16(at, little) : view.getUint16(at, little);
    return view.getInt32(at, little);
  };
  let clipped = false;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const value = read(x, y);
      if (!(value >= 0 && value <= 255)) clipped = true;
      grey[to] = clipTo8(value);
    }
  }
  return { data: greyToRgb(grey), warnings: clipped ? [CLIPPED_WARNING] : [] };
}
