import { type DecodeContext, truncated } from "./decoder.ts";

/**
 * Run-length decoded indices, in file order (bottom row first, unless the BMP is top-down).
 * Skipped pixels are 0. A picture that ends before its last pixel is refused.
 * @see Pillow `BmpRleDecoder`, whose bookkeeping of x this keeps: runs are cut at the row's end, literals are not
 */
export function decodeRle(
  bytes: Uint8Array,
  { start, width, height, fourBits }: { start: number; width: number; height: number; fourBits: boolean },
  context: DecodeContext,
): Uint8Array {
  const pixels = new Uint8Array(width * height);
  let at = start;
  let to = 0;
  let x = 0;
  while (to < pixels.length) {
    const count = bytes[at];
    const value = bytes[at + 1];
    if (count === undefined || value === undefined) break;
    at += 2;
    if (count > 0) {
      const run = x + count > width ? Math.max(0, width - x) : count;
      for (let i = 0; i < run; i++, to++) {
        pixels[to] = fourBits ? (i % 2 === 0 ? value >> 4 : value & 15) : value;
      }
      x += run;
    } else if (value === 0) {
      to = Math.ceil(to / width) * width;
      x = 0;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      const [right, up] = bytes.subarray(at, at + 2);
      if (right === undefined || up === undefined) break;
      at += 2;
      to = Math.min(pixels.length, to + right + up * width);
      x = to % width;
    } else {
      const literals = Math.min(pixels.length - to, value);
      const length = fourBits ? (literals + 1) >> 1 : literals;
      const packed = bytes.subarray(at, at + length);
      at += packed.length;
      const present = Math.min(literals, fourBits ? packed.length * 2 : packed.length);
      for (let i = 0; i < present; i++, to++) {
        const byte = packed[fourBits ? i >> 1 : i] as number;
        pixels[to] = fourBits ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte;
      }
      if (packed.length < length || to === pixels.length) break;
      x += value;
      at += at % 2;
    }
  }
  if (to < pixels.length) throw truncated(context, "the run-length coded pixels");
  return pixels;
}
