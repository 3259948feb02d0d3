/** A run of bytes at its place in the weights file. */
export interface PlacedBytes {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where tensors start: on a page when they fill one, so that they can be mapped, else on a cache line. */
const PAGE = 4096;
const CACHE_LINE = 64;

/** The plan of a weights file: views of tensors, each at an aligned offset; the same bytes are placed once. */
export class WeightsLayout {
  readonly #placed: PlacedBytes[] = [];
  readonly #offsets = new Map<ArrayBufferLike, Map<string, number>>();
  #end = 0;

  /** Every run of bytes, in ascending order of offsets; between them stand zeros. */
  get placed(): readonly PlacedBytes[] {
    return this.#placed;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#end;
  }

  /** Reserves room for `bytes`, which is kept as a view. */
  place(bytes: Uint8Array): { readonly offset: number; readonly length: number } {
    const { buffer, byteOffset, length } = bytes;
    const known = this.#offsets.get(buffer) ?? new Map<string, number>();
    this.#offsets.set(buffer, known);
    const key = `${byteOffset}+${length}`;
    let offset = known.get(key);
    if (offset === undefined) {
      const alignment = length >= PAGE ? PAGE : CACHE_LINE;
      offset = Math.ceil(this.#end / alignment) * alignment;
      this.#placed.push({ offset, bytes });
      this.#end = offset + length;
      known.set(key, offset);
    }
    return { offset, length };
  }
}
