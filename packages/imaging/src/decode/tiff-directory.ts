import { broken, type DecodeContext, truncated, viewOf } from "./decoder.ts";

export const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planar: 284,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  xmp: 700,
} as const;

const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));

/** How to read one value, by TIFF type; types that hold no whole numbers are not needed here. */
const INTEGERS: Readonly<
  Record<number, { bytes: number; read: (v: DataView, at: number, le: boolean) => number }>
> = {
  1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) },
  8: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  9: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  13: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  16: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

/** The first directory of a TIFF: the values of the tags that matter for pixels. */
export interface TiffDirectory {
  readonly littleEndian: boolean;
  readonly tags: ReadonlyMap<number, readonly number[]>;
}

/**
 * Reads the first directory, of a classic TIFF or a little-endian BigTIFF (Pillow opens no other).
 * A directory that runs out of the file ends there, as in Pillow: what it lacks is missed later.
 */
export function readTiffDirectory(bytes: Uint8Array, context: DecodeContext): TiffDirectory {
  const view = viewOf(bytes);
  const littleEndian = bytes[0] === 0x49;
  const big = bytes[2] === 43;
  const [countBytes, entryBytes, fieldBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const word = (at: number): number =>
    big ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  if (bytes.length < (big ? 16 : 8)) throw truncated(context, "the header");
  const start = word(big ? 8 : 4);
  if (!(start >= 8 && start + countBytes <= bytes.length)) {
    throw broken(context, `the directory is at byte ${start} of a file of ${bytes.length} bytes`);
  }
  const entries = big ? word(start) : view.getUint16(start, littleEndian);
  const tags = new Map<number, readonly number[]>();
  for (let i = 0; i < entries; i++) {
    const at = start + countBytes + i * entryBytes;
    if (at + entryBytes > bytes.length) break;
    const tag = view.getUint16(at, littleEndian);
    const type = INTEGERS[view.getUint16(at + 2, littleEndian)];
    if (!WANTED.has(tag) || tags.has(tag) || type === undefined) continue;
    const count = word(at + 4);
    const valueAt = count * type.bytes <= fieldBytes ? at + 4 + fieldBytes : word(at + 4 + fieldBytes);
    if (count * type.bytes > bytes.length) continue;
    if (!(valueAt + count * type.bytes <= bytes.length)) break;
    const values = Array.from({ length: count }, (_, k) =>
      type.read(view, valueAt + k * type.bytes, littleEndian),
    );
    if (count > 0) tags.set(tag, values);
  }
  return { littleEndian, tags };
}
