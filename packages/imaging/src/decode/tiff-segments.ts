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

/** Bytes of one row of `pixels` pixels, `samples` to each. */
const rowBytesOf = (pixels: number, samples: number, bits: number): number =>
  Math.ceil((pixels * samples * bits) / 8);

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
  const { width, height, bits, planar } = layout;
  const { tags } = directory;
  const tiled = !tags.has(TAG.stripOffsets);
  const offsets = tags.get(tiled ? TAG.tileOffsets : TAG.stripOffsets);
  if (offsets === undefined) throw broken(context, "the TIFF has neither strips nor tiles");
  const counts = tags.get(tiled ? TAG.tileByteCounts : TAG.stripByteCounts);
  const segmentWidth = tiled ? (tags.get(TAG.tileWidth)?.[0] ?? 0) : width;
  const segmentHeight =
    (tiled ? tags.get(TAG.tileLength)?.[0] : tags.get(TAG.rowsPerStrip)?.[0]) ?? (tiled ? 0 : height);
  if (!(segmentWidth >= 1 && segmentHeight >= 1)) {
    throw broken(context, `strips or tiles of ${segmentWidth} × ${segmentHeight}`);
  }
  const planeSamples = planar ? 1 : layout.samples;
  if (tiled && (segmentWidth * planeSamples * bits) % 8 !== 0) {
    throw unsupported(context, `tiles of ${segmentWidth} pixels, which end inside a byte`);
  }
  const across = Math.ceil(width / segmentWidth);
  const down = Math.ceil(height / segmentHeight);
  const rowBytes = rowBytesOf(width, planeSamples, bits);
  const planes = Array.from({ length: planar ? layout.samples : 1 }, () => new Uint8Array(rowBytes * height));
  const needed = across * down * planes.length;
  if (offsets.length < needed && layout.compression !== 1)
    throw truncated(context, `the list of ${needed} strips or tiles`);
  const segmentRow = rowBytesOf(segmentWidth, planeSamples, bits);
  for (let index = 0; index < Math.min(needed, offsets.length); index++) {
    const plane = planes[Math.floor(index / (across * down))] as Uint8Array;
    const row = Math.floor((index % (across * down)) / across) * segmentHeight;
    const rows = Math.min(segmentHeight, height - row);
    const from = (index % across) * segmentRow;
    const used = Math.min(segmentRow, rowBytes - from);
    // A strip may end with the picture; a compressed tile is always whole.
    const storedRows = tiled && layout.compression !== 1 ? segmentHeight : rows;
    if (storedRows * segmentRow > MAX_SEGMENT) throw unsupported(context, "a TIFF strip or tile above 1 GiB");
    const offset = offsets[index] as number;
    const data = bytes.subarray(
      offset,
      layout.compression === 1 ? undefined : offset + (counts?.[index] ?? bytes.length),
    );
    const segment = await readSegment(data, storedRows * segmentRow, layout);
    if (segment === undefined) throw broken(context, `strip or tile ${index} is damaged or cut short`);
    if (layout.compression !== 1) toLittleEndian(segment, bits, directory.littleEndian);
    undoPredictor(segment, {
      predictor: tags.get(TAG.predictor)?.[0] ?? 1,
      rowBytes: segmentRow,
      samples: planeSamples,
      layout,
      context,
    });
    for (let y = 0; y < rows; y++) {
      plane.set(segment.subarray(y * segmentRow, y * segmentRow + used), (row + y) * rowBytes + from);
    }
  }
  return planes;
}

const MAX_SEGMENT = 2 ** 30;

async function readSegment(
  data: Uint8Array,
  length: number,
  layout: TiffLayout,
): Promise<Uint8Array | undefined> {
  const codec = TIFF_CODECS[layout.compression];
  return codec?.(layout.reversedBits ? data.map(reverseBits) : data, length);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) reversed |= 128 >> bit;
  return reversed;
}

function toLittleEndian(segment: Uint8Array, bits: number, isLittle: boolean): void {
  if (isLittle || (bits !== 16 && bits !== 32)) return;
  const size = bits / 8;
  for (let at = 0; at + size <= segment.length; at += size) segment.subarray(at, at + size).reverse();
}

interface Prediction {
  readonly predictor: number;
  readonly rowBytes: number;
  readonly samples: number;
  readonly layout: TiffLayout;
  readonly context: DecodeContext;
}

/** Adds up horizontal differences; only LZW and deflate have a predictor. */
function undoPredictor(
  segment: Uint8Array,
  { predictor, rowBytes, samples, layout, context }: Prediction,
): void {
  const { bits, compression } = layout;
  if (predictor === 1 || compression === 1 || compression === 32773) return;
  if (predictor !== 2 || (bits !== 8 && bits !== 16 && bits !== 32)) {
    throw unsupported(context, `TIFF predictor ${predictor} with ${bits} bits a sample`);
  }
  const bytesEach = bits / 8;
  const stride = samples * bytesEach;
  for (let row = 0; row < segment.length; row += rowBytes) {
    for (let at = row + stride; at < row + rowBytes; at += bytesEach) {
      let carry = 0;
      for (let k = 0; k < bytesEach; k++) {
        const sum = (segment[at + k] as number) + (segment[at + k - stride] as number) + carry;
        segment[at + k] = sum;
        carry = sum >> 8;
      }
    }
  }
}
