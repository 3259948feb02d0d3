import { broken, type DecodeContext, truncated } from "./decoder.ts";

interface FramePlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** Pixels of a row of the whole picture. */
  readonly stride: number;
  /** The LZW minimum code size. */
  readonly codeBits: number;
}

const TABLE = 4096;
const MAX_CODE_BITS = 12;
const READ_SIZE = 65_536;
/** First row and step of the four passes. */
const INTERLACE = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/**
 * Decodes a frame's LZW blocks into the picture's indices; stops when the frame is full.
 * What Pillow shrugs at passes here too: clear codes in a row, a full table (12-bit codes go on), and an end code
 * before the frame is full when it reads more of the file after that, which it does 64 KiB at a time.
 * @param indices [rows of the picture, stride], written where the frame lies
 */
export function decodeLzwFrame(
  data: Uint8Array,
  place: FramePlace,
  indices: Uint8Array,
  context: DecodeContext,
): void {
  const { codeBits } = place;
  if (codeBits > MAX_CODE_BITS) throw broken(context, `LZW codes of ${codeBits} bits; expected at most 12`);
  const clear = 1 << codeBits;
  const end = clear + 1;
  const suffix = new Uint8Array(TABLE);
  const link = new Uint16Array(TABLE);
  // A string is written from its end; its first byte, not counted in Pillow's limit, goes in front.
  const string = new Uint8Array(TABLE + 1);
  const sink = frameSink(place, indices);
  const codes = codeReader(data);

  let next = clear + 2;
  let size = codeBits + 1;
  let fresh = true;
  let lastCode = 0;
  let lastByte = 0;
  for (;;) {
    let code = codes.read(size);
    if (code === undefined) throw truncated(context, "the image data");
    if (code === end) {
      if (data.length > Math.ceil(codes.blockEnd() / READ_SIZE) * READ_SIZE) continue;
      throw broken(context, "the image data end before the frame is full");
    }
    if (code === clear) {
      next = clear + 2;
      size = codeBits + 1;
      fresh = true;
      continue;
    }
    let from = TABLE + 1;
    if (fresh) {
      if (code > clear) throw broken(context, `LZW code ${code} right after a clear code`);
      lastCode = code;
      lastByte = code & 255;
      fresh = false;
    } else {
      const thisCode = code;
      if (code > next) throw broken(context, `LZW code ${code} before it is defined`);
      if (code === next) {
        string[--from] = lastByte;
        code = lastCode;
      }
      while (code >= clear) {
        if (from <= 1 || code >= TABLE) throw broken(context, `LZW code ${code} is out of the table`);
        string[--from] = suffix[code] as number;
        code = link[code] as number;
      }
      lastByte = code & 255;
      if (next < TABLE) {
        suffix[next] = lastByte;
        link[next] = lastCode;
        if (next === (1 << size) - 1 && size < MAX_CODE_BITS) size += 1;
        next += 1;
      }
      lastCode = thisCode;
    }
    string[--from] = lastByte;
    if (sink(string, from)) return;
  }
}

/** Codes of the asked size out of length-prefixed blocks; undefined where a block is not all there. */
function codeReader(data: Uint8Array) {
  let at = 0;
  let block = 0;
  let bits = 0;
  let count = 0;
  const read = (size: number): number | undefined => {
    while (count < size) {
      if (block > 0) {
        bits |= (data[at++] as number) << count;
        count += 8;
        block -= 1;
      } else {
        const length = data[at];
        if (length === undefined || at + 1 + length > data.length) return undefined;
        block = length;
        at += 1;
      }
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    count -= size;
    return code;
  };
  return { read, blockEnd: () => at + block };
}

/** Takes the frame's pixels, in file order, from a place in a buffer to its end; says when the frame is full. */
function frameSink({ x, y, width, height, interlaced, stride }: FramePlace, indices: Uint8Array) {
  let pass = 0;
  let step: number = interlaced ? 8 : 1;
  let row = 0;
  let to = y * stride + x;
  let rowEnd = to + width;
  return (pixels: Uint8Array, start: number): boolean => {
    for (let from = start; from < pixels.length; from++) {
      indices[to++] = pixels[from] as number;
      if (to < rowEnd) continue;
      row += step;
      while (row >= height) {
        pass += 1;
        const following = interlaced ? INTERLACE[pass] : undefined;
        if (following === undefined) return true;
        [row, step] = following;
      }
      to = (y + row) * stride + x;
      rowEnd = to + width;
    }
    return false;
  };
}
