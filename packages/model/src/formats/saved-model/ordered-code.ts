// OrderedCode: TensorFlow's encoding of tuples whose byte order is their order. Only the writing half is
// needed, because a slice's key is made from what its tensor's entry says.

/** [count of bytes][big-endian bytes]; 0 has no bytes. */
function unsigned(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [digits.length, ...digits];
}

/** 0 → 0 ff, ff → ff 00, then the terminator 0 1. */
function text(bytes: Uint8Array): number[] {
  const escaped = [...bytes].flatMap((byte) => (byte === 0 ? [0, 0xff] : byte === 0xff ? [0xff, 0] : [byte]));
  return [...escaped, 0, 1];
}

/**
 * A length of n bytes holds 7·n − 1 bits besides its sign: the header's leading ones count the bytes.
 * The sign bit is flipped so that negatives sort first; negatives are the complement of their positive twin.
 */
function signed(value: number): number[] {
  const magnitude = BigInt(value < 0 ? -value - 1 : value);
  let length = 1;
  while (magnitude >= 1n << BigInt(7 * length - 1)) length += 1;
  // The marker is `length` ones from the top (the first of them is the sign of a positive number).
  const marker = ((1n << BigInt(length)) - 1n) << BigInt(8 * length - length);
  const bits = marker | magnitude;
  const bytes = Array.from({ length }, (_, i) => Number((bits >> BigInt(8 * (length - 1 - i))) & 0xffn));
  return value < 0 ? bytes.map((byte) => byte ^ 0xff) : bytes;
}

/** One axis of a slice; length −1 is the whole axis, which starts at 0. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** The key under which a bundle keeps one slice of a tensor. @param name the tensor's, UTF-8 */
export function sliceKey(name: Uint8Array, extents: readonly Extent[]): Uint8Array {
  const axes = extents.flatMap(({ start, length }) => [...signed(start), ...signed(length)]);
  return Uint8Array.from([...unsigned(0), ...text(name), ...unsigned(extents.length), ...axes]);
}
