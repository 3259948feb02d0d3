/**
 * Weights of several resamples in one float64, so that one addition adds for all of them: a sum of
 * weights is at most the number of examples, and float64 holds 53 bits exactly.
 */
export interface PackedResamples {
  /** [examples × columns], an example after the other. */
  readonly weights: Float64Array;
  /** Float64 numbers an example. */
  readonly columns: number;
  /** Resamples in a number: field f of column c is resample c · fields + f. */
  readonly fields: number;
  /** Field f stands at `base ** f`; a power of two. */
  readonly base: number;
  /** Resamples packed so far. */
  readonly resamples: number;
}

/** Collects resamples until it is full. */
export class ResamplePacker {
  readonly #weights: Float64Array;
  readonly #columns: number;
  readonly #fields: number;
  readonly #base: number;
  #resamples = 0;

  /** @param limits most resamples to be packed at once, and about how many bytes they may take */
  constructor(examples: number, limits: { readonly resamples: number; readonly bytes: number }) {
    const bits = Math.max(1, Math.ceil(Math.log2(examples + 1)));
    this.#base = 2 ** bits;
    this.#fields = Math.floor(53 / bits);
    const affordable = Math.floor(limits.bytes / (Math.max(1, examples) * Float64Array.BYTES_PER_ELEMENT));
    this.#columns = Math.max(1, Math.min(affordable, Math.ceil(limits.resamples / this.#fields)));
    this.#weights = new Float64Array(examples * this.#columns);
  }

  get full(): boolean {
    return this.#resamples === this.#columns * this.#fields;
  }

  /** @param weights [examples], how often each example was drawn */
  add(weights: Int32Array): void {
    const column = Math.floor(this.#resamples / this.#fields);
    const scale = this.#base ** (this.#resamples % this.#fields);
    const packed = this.#weights;
    for (let i = 0, at = column; i < weights.length; i++, at += this.#columns) {
      packed[at] = (packed[at] ?? 0) + (weights[i] ?? 0) * scale;
    }
    this.#resamples++;
  }

  packed(): PackedResamples {
    return {
      weights: this.#weights,
      columns: this.#columns,
      fields: this.#fields,
      base: this.#base,
      resamples: this.#resamples,
    };
  }

  clear(): void {
    this.#weights.fill(0);
    this.#resamples = 0;
  }
}
