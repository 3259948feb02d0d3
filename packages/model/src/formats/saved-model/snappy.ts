const MAX_RATIO = 64;

/**
 * Decompresses a raw snappy block, as old TensorFlow versions wrote in variables.index.
 * Own code because it must end on any input: lengths here never move the cursor backwards.
 *
 * @throws RangeError when the block is not valid snappy
 * @see google/snappy format_description.txt
 */
export function uncompressSnappy(source: Uint8Array): Uint8Array {
  const reader = new SnappyReader(source);
  const length = reader.varint();
  // The format's best ratio is about 21 (a 64-byte copy in 3 bytes): a larger claim is a lie.
  if (length > source.length * MAX_RATIO) throw new RangeError(`snappy block claims ${length} bytes`);
  const out = new Uint8Array(length);
  let filled = 0;
  while (reader.position < source.length) {
    const { literal, length: size, offset } = reader.element();
    if (filled + size > length) throw new RangeError("snappy element runs past the end");
    if (literal) out.set(reader.take(size), filled);
    else copyWithin(out, filled, offset, size);
    filled += size;
  }
  if (filled !== length) throw new RangeError(`snappy block holds ${filled} bytes of ${length}`);
  return out;
}

/** Copies byte by byte: a copy may overlap its own output, which repeats it. */
function copyWithin(out: Uint8Array, at: number, offset: number, size: number): void {
  if (offset === 0 || offset > at) throw new RangeError(`snappy copy from ${offset} bytes before ${at}`);
  for (let i = at; i < at + size; i += 1) out[i] = out[i - offset] ?? 0;
}

class SnappyReader {
  position = 0;
  readonly #source: Uint8Array;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  #byte(): number {
    const byte = this.#source[this.position];
    if (byte === undefined) throw new RangeError("snappy block is cut short");
    this.position += 1;
    return byte;
  }

  /** Unsigned, `count` bytes, least significant first. */
  #uint(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i += 1) value += this.#byte() * 2 ** (8 * i);
    return value;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("snappy length is not a 32-bit varint");
  }

  take(size: number): Uint8Array {
    if (this.position + size > this.#source.length) throw new RangeError("snappy literal is cut short");
    this.position += size;
    return this.#source.subarray(this.position - size, this.position);
  }

  element(): { literal: boolean; length: number; offset: number } {
    const tag = this.#byte();
    const high = tag >> 2;
    switch (tag & 3) {
      case 0:
        return { literal: true, length: (high < 60 ? high : this.#uint(high - 59)) + 1, offset: 0 };
      case 1:
        return { literal: false, length: (high & 7) + 4, offset: ((tag >> 5) << 8) + this.#byte() };
      default:
        return { literal: false, length: high + 1, offset: this.#uint((tag & 3) === 2 ? 2 : 4) };
    }
  }
}
