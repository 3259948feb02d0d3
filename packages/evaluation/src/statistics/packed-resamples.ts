/**
 * Weights of several resamples in one float64 each, so that one addition adds for all of them:
 * a sum of weights is at most the number of examples, and float64 holds 53 bits exactly.
 */
export interface PackedResamples {
  /** Rows of [examples]; each holds `fields` resamples, the last row perhaps fewer. */
  readonly rows: readonly Float64Array[];
  /** Resamples in a row. */
  readonly fields: number;
  /** Field f stands at `base ** f`. */
  readonly base: number;
  /** Resamples in all rows. */
  readonly resamples: number;
}

/** How many resamples a float64 can carry for this many examples, and the base of its fields. */
export function packing(examples: number): { fields: number; base: number } {
  const bits = Math.max(1, Math.ceil(Math.log2(examples + 1)));
  return { fields: Math.floor(53 / bits), base: 2 ** bits };
}

/** Collects resamples of `examples` examples until `clear`. */
export class ResamplePacker {
  readonly #examples: number;
  readonly #fields: number;
  readonly #base: number;
  #rows: Float64Array[] = [];
  #resamples = 0;

  constructor(examples: number) {
    this.#examples = examples;
    ({ fields: this.#fields, base: this.#base } = packing(examples));
  }

  get resamples(): number {
    return this.#resamples;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#rows.length * this.#examples * Float64Array.BYTES_PER_ELEMENT;
  }

  add(weights: Int32Array): void {
    const field = this.#resamples % this.#fields;
    if (field === 0) this.#rows.push(new Float64Array(this.#examples));
    const row = this.#rows.at(-1) ?? new Float64Array(0);
    const scale = this.#base ** field;
    for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) + (weights[i] ?? 0) * scale;
    this.#resamples++;
  }

  /** Whether the last row has no free field. */
  get full(): boolean {
    return this.#resamples % this.#fields === 0;
  }

  packed(): PackedResamples {
    return { rows: this.#rows, fields: this.#fields, base: this.#base, resamples: this.#resamples };
  }

  clear(): void {
    this.#rows = [];
    this.#resamples = 0;
  }
}
