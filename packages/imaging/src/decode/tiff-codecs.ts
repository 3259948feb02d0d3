import { inflateUpTo } from "./inflate.ts";

/** Decompresses one strip or tile to `length` bytes; undefined where the data are damaged or short. */
export type TiffCodec = (data: Uint8Array, length: number) => Promise<Uint8Array | undefined>;

const inflate: TiffCodec = async (data, length) => {
  const inflated = await inflateUpTo(data, length);
  return inflated !== undefined && inflated.data.length === length ? inflated.data : undefined;
};

const stored: TiffCodec = async (data, length) =>
  data.length < length ? undefined : data.subarray(0, length);

const packBits: TiffCodec = async (data, length) => {
  const out = new Uint8Array(length);
  let to = 0;
  for (let at = 0; to < length; ) {
    const control = data[at++];
    if (control === undefined) return undefined;
    if (control < 128) {
      const literal = data.subarray(at, at + Math.min(control + 1, length - to));
      if (literal.length < Math.min(control + 1, length - to)) return undefined;
      out.set(literal, to);
      to += literal.length;
      at += control + 1;
    } else if (control > 128) {
      const value = data[at++];
      if (value === undefined) return undefined;
      out.fill(value, to, to + 257 - control);
      to += 257 - control;
    }
  }
  return out;
};

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;

/** LZW with the most significant bit first, and codes that widen one early. */
const lzw: TiffCodec = async (data, length) => {
  const out = new Uint8Array(length);
  // A table entry is a place and a length in the output: a string and the byte that followed it there.
  const start = new Uint32Array(4096);
  const size = new Uint16Array(4096);
  let next = FIRST_FREE;
  let width = 9;
  let previousAt = -1;
  let to = 0;
  let bits = 0;
  let count = 0;
  let at = 0;
  while (to < length) {
    while (count < width) {
      const byte = data[at++];
      if (byte === undefined) return undefined;
      bits = ((bits << 8) | byte) & 0xffffff;
      count += 8;
    }
    count -= width;
    const code = (bits >> count) & ((1 << width) - 1);
    if (code === END) return undefined;
    if (code === CLEAR) {
      next = FIRST_FREE;
      width = 9;
      previousAt = -1;
      continue;
    }
    if (previousAt >= 0 && next < 4096) {
      start[next] = previousAt;
      size[next] = to - previousAt + 1;
      next += 1;
      if (next === (1 << width) - 1 && width < 12) width += 1;
    }
    previousAt = to;
    if (code < CLEAR) out[to++] = code;
    else if (code >= next) return undefined;
    else {
      // An entry may end in the first byte of its own copy, so byte by byte.
      const source = start[code] as number;
      for (let i = 0; i < (size[code] as number) && to < length; i++) out[to++] = out[source + i] as number;
    }
  }
  return out;
};

/** TIFF compressions that are decoded here; libtiff's other ones go to the native decoder. */
export const TIFF_CODECS: Readonly<Record<number, TiffCodec>> = {
  1: stored,
  5: lzw,
  8: inflate,
  32773: packBits,
  32946: inflate,
};
