import { broken, type DecodeContext } from "./decoder.ts";

interface Pass {
  readonly startX: number;
  readonly startY: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of one row, its filter byte not counted. */
  readonly rowBytes: number;
}

export interface PackedRows {
  readonly width: number;
  readonly height: number;
  /** Bits of one pixel, all samples together. */
  readonly pixelBits: number;
  readonly passes: readonly Pass[];
  /** Bytes of all rows of all passes, filter bytes included. */
  readonly packedLength: number;
}

/** startX, startY, stepX, stepY of Adam7. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** How a PNG's rows lie in its image data. */
export function packedRows(
  { width, height }: { readonly width: number; readonly height: number },
  pixelBits: number,
  interlaced: boolean,
): PackedRows {
  const passes = (interlaced ? ADAM7 : WHOLE)
    .map(([startX, startY, stepX, stepY]) => {
      const passWidth = Math.ceil((width - startX) / stepX);
      const passHeight = Math.ceil((height - startY) / stepY);
      const rowBytes = Math.ceil((passWidth * pixelBits) / 8);
      return { startX, startY, stepX, stepY, width: passWidth, height: passHeight, rowBytes };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
  const packedLength = passes.reduce((sum, pass) => sum + pass.height * (pass.rowBytes + 1), 0);
  return { width, height, pixelBits, passes, packedLength };
}

/**
 * Undoes filters and interlacing.
 *
 * @param packed the inflated rows; overwritten. Where they end early, the rest of the picture stays zero
 * @returns [height, width, bytes of a pixel]; pixels of less than a byte get one byte each
 */
export function unfilteredPixels(packed: Uint8Array, rows: PackedRows, context: DecodeContext): Uint8Array {
  const { width, height, pixelBits, passes } = rows;
  const pixelBytes = Math.max(1, pixelBits >> 3);
  const pixels = new Uint8Array(width * height * pixelBytes);
  let at = 0;
  for (const pass of passes) {
    let prior = new Uint8Array(pass.rowBytes);
    for (let y = 0; y < pass.height; y++) {
      const filter = packed[at];
      const row = packed.subarray(at + 1, at + 1 + pass.rowBytes);
      if (filter === undefined || row.length < pass.rowBytes) return pixels;
      if (filter > 4) throw broken(context, `row filter ${filter}; expected 0 to 4`);
      unfilter(filter, row, prior, pixelBytes);
      const start = (pass.startY + y * pass.stepY) * width + pass.startX;
      if (pixelBits < 8)
        spreadBits(row, pixels, { start, step: pass.stepX, count: pass.width, bits: pixelBits });
      else if (pass.stepX === 1) pixels.set(row, start * pixelBytes);
      else spreadBytes(row, pixels, { start, step: pass.stepX, pixelBytes });
      prior = row as Uint8Array<ArrayBuffer>;
      at += pass.rowBytes + 1;
    }
  }
  return pixels;
}

function unfilter(filter: number, row: Uint8Array, prior: Uint8Array, bpp: number): void {
  const length = row.length;
  if (filter === 1) {
    for (let i = bpp; i < length; i++) row[i] = (row[i] as number) + (row[i - bpp] as number);
  } else if (filter === 2) {
    for (let i = 0; i < length; i++) row[i] = (row[i] as number) + (prior[i] as number);
  } else if (filter === 3) {
    for (let i = 0; i < length; i++) {
      const left = i < bpp ? 0 : (row[i - bpp] as number);
      row[i] = (row[i] as number) + ((left + (prior[i] as number)) >> 1);
    }
  } else if (filter === 4) unfilterPaeth(row, prior, bpp);
}

function unfilterPaeth(row: Uint8Array, prior: Uint8Array, bpp: number): void {
  const first = Math.min(bpp, row.length);
  for (let i = 0; i < first; i++) row[i] = (row[i] as number) + (prior[i] as number);
  for (let i = bpp; i < row.length; i++) {
    const left = row[i - bpp] as number;
    const above = prior[i] as number;
    const corner = prior[i - bpp] as number;
    const toLeft = Math.abs(above - corner);
    const toAbove = Math.abs(left - corner);
    const toCorner = Math.abs(left + above - 2 * corner);
    const nearest = toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    row[i] = (row[i] as number) + nearest;
  }
}

function spreadBits(
  row: Uint8Array,
  pixels: Uint8Array,
  { start, step, count, bits }: { start: number; step: number; count: number; bits: number },
): void {
  const mask = (1 << bits) - 1;
  for (let i = 0, to = start; i < count; i++, to += step) {
    const bit = i * bits;
    pixels[to] = ((row[bit >> 3] as number) >> (8 - bits - (bit & 7))) & mask;
  }
}

function spreadBytes(
  row: Uint8Array,
  pixels: Uint8Array,
  { start, step, pixelBytes }: { start: number; step: number; pixelBytes: number },
): void {
  for (let from = 0, to = start * pixelBytes; from < row.length; to += step * pixelBytes) {
    for (let k = 0; k < pixelBytes; k++) pixels[to + k] = row[from++] as number;
  }
}
