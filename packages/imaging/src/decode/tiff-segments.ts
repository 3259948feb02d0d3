import { broken, type DecodeContext, truncated, unsupported } from "./decoder.ts";
import { TIFF_CODECS } from "./tiff-codecs.ts";
import { TAG, type TiffDirectory } from "./tiff-directory.ts";

export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly samples: number;
  readonly compression: number;
  /** Whether each sample has planes of its own. */
  readonly planar: boolean;
  /** The order in which Pillow reads samples of more than a byte. */
  readonly byteOrder: "little" | "big";
  /** Whether bits run from the least significant. */
  readonly reversedBits: boolean;
}

/** Strips or tiles, and how they cover the planes. */
interface Grid {
  readonly tiled: boolean;
  readonly offsets: readonly number[];
  /** Bytes of each; undefined where the file does not say. */
  readonly counts: readonly number[] | undefined;
  readonly height: number;
  readonly across: number;
  /** Segments of one plane. */
  readonly perPlane: number;
  readonly planes: number;
  /** Samples to a pixel of one plane. */
  readonly samples: number;
  /** Bytes of a segment's row, and of a plane's. */
  readonly segmentRow: number;
  readonly planeRow: number;
}

export const UNCOMPRESSED = 1;
const PACKBITS = 32773;
/** No codec expands by more; LZW's longest string to its 12-bit code comes closest. */
const MAX_RATIO = 4096;
/** How often over a file's bytes may be read; strips that share their bytes are legal, but can be an attack. */
const MAX_SHARING = 16;

/**
 * The samples of a striped or tiled TIFF: as stored where uncompressed (and missing strips zero, as in Pillow),
 * else with predictors undone and in little-endian order.
 * @returns one plane [height, row bytes], or a plane a sample
 */
export async function readTiffPlanes(
  bytes: Uint8Array,
  directory: TiffDirectory,
  layout: TiffLayout,
  context: DecodeContext,
): Promise<Uint8Array[]> {
  const grid = readGrid(directory, layout, context);
  checkCost(bytes, grid, layout, context);
  const planes = Array.from({ length: grid.planes }, () => new Uint8Array(grid.planeRow * layout.height));
  for (const index of drawingOrder(grid, layout)) {
    const place = index % grid.perPlane;
    const plane = planes[Math.floor(index / grid.perPlane) % grid.planes] as Uint8Array;
    const row = Math.floor(place / grid.across) * grid.height;
    const rows = Math.min(grid.height, layout.height - row);
    const from = (place % grid.across) * grid.segmentRow;
    const used = Math.min(grid.segmentRow, grid.planeRow - from);
    // A strip may end with the picture; a compressed tile is always whole.
    const storedRows = grid.tiled && layout.compression !== UNCOMPRESSED ? grid.height : rows;
    const segment = await readSegment(bytes, { index, grid, length: storedRows * grid.segmentRow, layout });
    if (segment === undefined) throw broken(context, `strip or tile ${index} is damaged or cut short`);
    if (layout.compression !== UNCOMPRESSED) {
      if (!directory.littleEndian) turnToLittleEndian(segment, layout.bits);
      undoPredictor(segment, grid, layout, {
        predictor: directory.tags.get(TAG.predictor)?.[0] ?? 1,
        context,
      });
    }
    for (let y = 0; y < rows; y++) {
      plane.set(
        segment.subarray(y * grid.segmentRow, y * grid.segmentRow + used),
        (row + y) * grid.planeRow + from,
      );
    }
  }
  return planes;
}

function readGrid({ tags }: TiffDirectory, layout: TiffLayout, context: DecodeContext): Grid {
  const { bits, planar } = layout;
  const tiled = !tags.has(TAG.stripOffsets);
  const offsets = tags.get(tiled ? TAG.tileOffsets : TAG.stripOffsets);
  if (offsets === undefined) throw broken(context, "the TIFF has neither strips nor tiles");
  const width = tiled ? (tags.get(TAG.tileWidth)?.[0] ?? 0) : layout.width;
  const height = tiled
    ? (tags.get(TAG.tileLength)?.[0] ?? 0)
    : (tags.get(TAG.rowsPerStrip)?.[0] ?? layout.height);
  if (!(width >= 1 && height >= 1)) throw broken(context, `strips or tiles of ${width} × ${height} pixels`);
  if (tiled && width * height > context.pixelLimit)
    throw broken(context, `tiles of ${width} × ${height} pixels`);
  const samples = planar ? 1 : layout.samples;
  if (tiled && (width * samples * bits) % 8 !== 0) {
    throw unsupported(context, `tiles of ${width} pixels, which end inside a byte`);
  }
  const across = Math.ceil(layout.width / width);
  const rowBytes = (pixels: number): number => Math.ceil((pixels * samples * bits) / 8);
  return {
    tiled,
    offsets,
    counts: tags.get(tiled ? TAG.tileByteCounts : TAG.stripByteCounts),
    height,
    across,
    perPlane: across * Math.ceil(layout.height / height),
    planes: planar ? layout.samples : 1,
    samples,
    segmentRow: rowBytes(width),
    planeRow: rowBytes(layout.width),
  };
}

/** Refuses, before anything is allocated, what its bytes cannot hold or what would take out of all proportion. */
function checkCost(bytes: Uint8Array, grid: Grid, layout: TiffLayout, context: DecodeContext): void {
  const needed = grid.perPlane * grid.planes;
  if (layout.compression === UNCOMPRESSED) {
    if (grid.offsets.length > 4 * needed) {
      throw unsupported(context, `${grid.offsets.length} strips or tiles; expected ${needed}`);
    }
    return;
  }
  if (grid.offsets.length < needed) throw truncated(context, `the list of ${needed} strips or tiles`);
  const size = grid.planeRow * layout.height * grid.planes;
  if (size > bytes.length * MAX_RATIO)
    throw broken(context, `${bytes.length} bytes for ${size} bytes of pixels`);
  let total = 0;
  for (let index = 0; index < needed; index++) total += grid.counts?.[index] ?? bytes.length;
  if (total > bytes.length * MAX_SHARING)
    throw unsupported(context, "strips or tiles that share their bytes");
}

/** Pillow draws all uncompressed segments, in the order of their offsets, even more than the picture has. */
function drawingOrder(grid: Grid, layout: TiffLayout): number[] {
  const all = Array.from(grid.offsets, (_, index) => index);
  if (layout.compression !== UNCOMPRESSED) return all.slice(0, grid.perPlane * grid.planes);
  const covers = grid.segmentRow === grid.planeRow && grid.height === layout.height && grid.planes === 1;
  if (covers) return all.slice(-1);
  return all.sort((a, b) => (grid.offsets[a] as number) - (grid.offsets[b] as number));
}

interface SegmentPlace {
  readonly index: number;
  readonly grid: Grid;
  /** Its bytes once decompressed. */
  readonly length: number;
  readonly layout: TiffLayout;
}

async function readSegment(
  bytes: Uint8Array,
  { index, grid, length, layout }: SegmentPlace,
): Promise<Uint8Array | undefined> {
  const offset = grid.offsets[index] as number;
  const count = layout.compression === UNCOMPRESSED ? length : grid.counts?.[index];
  if (!(offset + (count ?? 0) <= bytes.length)) return undefined;
  const data = bytes.subarray(offset, count === undefined ? undefined : offset + count);
  return TIFF_CODECS[layout.compression]?.(layout.reversedBits ? data.map(reverseBits) : data, length);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) reversed |= 128 >> bit;
  return reversed;
}

function turnToLittleEndian(segment: Uint8Array, bits: number): void {
  const { buffer, byteOffset, length } = segment;
  if (bits === 16) Buffer.from(buffer, byteOffset, length & ~1).swap16();
  if (bits === 32) Buffer.from(buffer, byteOffset, length & ~3).swap32();
}

/** Adds up horizontal differences; only LZW and deflate have a predictor. */
function undoPredictor(
  segment: Uint8Array,
  grid: Grid,
  { bits, compression }: TiffLayout,
  { predictor, context }: { predictor: number; context: DecodeContext },
): void {
  if (predictor === 1 || compression === PACKBITS) return;
  if (predictor !== 2 || (bits !== 8 && bits !== 16 && bits !== 32)) {
    throw unsupported(context, `TIFF predictor ${predictor} with ${bits} bits a sample`);
  }
  const sampleBytes = bits / 8;
  const stride = grid.samples * sampleBytes;
  for (let row = 0; row < segment.length; row += grid.segmentRow) {
    for (let at = row + stride; at < row + grid.segmentRow; at += sampleBytes) {
      let carry = 0;
      for (let k = 0; k < sampleBytes; k++) {
        const sum = (segment[at + k] as number) + (segment[at + k - stride] as number) + carry;
        segment[at + k] = sum;
        carry = sum >> 8;
      }
    }
  }
}
