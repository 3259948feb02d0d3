import type { Example } from "../dataset/dataset.ts";
import type { PredictedBatch } from "../pipeline/predict-all.ts";
import { type Predictions, withPredicted } from "./predictions.ts";

/** A picture that exists and could not be decoded. */
export interface Failure {
  readonly imageFileName: string;
  readonly label: number;
  readonly code: string;
  readonly message: string;
}

interface PredictedPicture {
  /** hex */
  readonly sha256: string;
  /** [classes] */
  readonly scores: Float32Array;
  /** NaN where it is not known. */
  readonly milliseconds: number;
}

/** Predictions as they come in: one float32 matrix, whatever the order of the batches or shares. */
export class CollectedPredictions {
  readonly #examples: readonly Omit<Example, "path">[];
  readonly #classNames: readonly string[];
  readonly #probabilities: Float32Array;
  readonly #milliseconds: Float64Array;
  readonly #sha256: (string | null)[];
  #count = 0;

  /** @param examples read when `predictions` is called; those without a prediction do not matter */
  constructor(examples: readonly Omit<Example, "path">[], classNames: readonly string[]) {
    this.#examples = examples;
    this.#classNames = classNames;
    this.#probabilities = new Float32Array(examples.length * classNames.length);
    this.#milliseconds = new Float64Array(examples.length);
    this.#sha256 = examples.map(() => null);
  }

  /** Rows that hold a prediction. */
  get count(): number {
    return this.#count;
  }

  has(row: number): boolean {
    return this.#sha256[row] != null;
  }

  add({ rows, sha256, probabilities, millisecondsPerImage }: PredictedBatch): void {
    const classes = this.#classNames.length;
    rows.forEach((row, index) => {
      const scores = probabilities.subarray(index * classes, (index + 1) * classes);
      this.set(row, { sha256: sha256[index] ?? "", scores, milliseconds: millisecondsPerImage });
    });
  }

  /** @param predicted scores are [classes], and copied */
  set(row: number, { sha256, scores, milliseconds }: PredictedPicture): void {
    if (!this.has(row)) this.#count++;
    this.#sha256[row] = sha256;
    this.#milliseconds[row] = milliseconds;
    this.#probabilities.set(scores, row * this.#classNames.length);
  }

  /** The rows that hold a prediction, in the order of the dataset; `only` keeps some of them. */
  predictions(only?: readonly number[]): Predictions {
    const classes = this.#classNames.length;
    const rows = (only ?? [...this.#examples.keys()]).filter((row) => this.has(row));
    const whole = only === undefined && rows.length === this.#examples.length;
    const probabilities = whole ? this.#probabilities : new Float32Array(rows.length * classes);
    if (!whole) {
      rows.forEach((row, index) => {
        probabilities.set(this.#probabilities.subarray(row * classes, (row + 1) * classes), index * classes);
      });
    }
    return withPredicted({
      classNames: this.#classNames,
      imageFileNames: rows.map((row) => this.#examples[row]?.imageFileName ?? ""),
      sha256: rows.map((row) => this.#sha256[row] ?? ""),
      labels: Int32Array.from(rows, (row) => this.#examples[row]?.label ?? 0),
      probabilities: { rows: rows.length, columns: classes, data: probabilities },
      milliseconds: Float64Array.from(rows, (row) => this.#milliseconds[row] ?? Number.NaN),
    });
  }
}
