import { FieldmarkError } from "@fieldmark/contract";
import type { ClassOutput } from "./model.ts";

export interface ProbabilityOptions {
  /** Rows that count; scores may hold more, which only pad a batch. */
  readonly rows: number;
  /** What the scores are, and how many classes they make. */
  readonly output: Pick<ClassOutput, "kind" | "classes" | "name">;
  /** Number of the first row, for errors. */
  readonly firstRow?: number;
}

/** Rows of a softmax sum to 1 up to the rounding of halves; anything beyond is no softmax over the classes. */
const SUM_TOLERANCE = 0.01;

/**
 * Class scores as probabilities; softmax and sigmoid are computed in float64.
 *
 * @param scores row-major [rows or more, columns]
 * @returns float32 row-major [rows, classes]
 * @throws MODEL_RUN when a row is not finite; MODEL_OUTPUT when rows of a softmax do not sum to 1
 */
export function toProbabilities(
  scores: ArrayLike<number>,
  options: ProbabilityOptions,
): Float32Array<ArrayBuffer> {
  const { rows, output, firstRow = 0 } = options;
  const { classes, kind, name } = output;
  const columns = kind === "sigmoid" || kind === "sigmoid-logit" ? 1 : classes;
  if (scores.length < rows * columns) {
    throw new FieldmarkError(
      "MODEL_RUN",
      `output ${JSON.stringify(name)} has ${scores.length} values for ${rows} rows, expected ${columns} a row`,
    );
  }
  const result = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const sum = WRITE_ROW[kind](result, { scores, row, columns });
    if (!Number.isFinite(sum)) {
      throw new FieldmarkError("MODEL_RUN", `row ${firstRow + row}: the model gives NaN or infinity`, {
        row: firstRow + row,
      });
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new FieldmarkError(
        "MODEL_OUTPUT",
        `output ${JSON.stringify(name)}: the probabilities of row ${firstRow + row} sum to ${sum}, expected 1`,
        { row: firstRow + row },
      );
    }
  }
  return result;
}

interface Row {
  readonly scores: ArrayLike<number>;
  readonly row: number;
  readonly columns: number;
}

/** Writes one row and returns its sum; NaN when a score is not finite or a probability is outside of [0, 1]. */
const WRITE_ROW: Readonly<Record<ClassOutput["kind"], (result: Float32Array, row: Row) => number>> = {
  probabilities: (result, { scores, row, columns }) => {
    let sum = 0;
    for (let at = row * columns; at < (row + 1) * columns; at++) {
      const probability = scores[at] ?? Number.NaN;
      result[at] = probability;
      sum += probability >= 0 ? probability : Number.NaN;
    }
    return sum;
  },
  logits: (result, { scores, row, columns }) => {
    const start = row * columns;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = start; at < start + columns; at++) most = Math.max(most, scores[at] ?? Number.NaN);
    let sum = 0;
    for (let at = start; at < start + columns; at++) sum += Math.exp((scores[at] ?? Number.NaN) - most);
    for (let at = start; at < start + columns; at++) {
      result[at] = Math.exp((scores[at] ?? Number.NaN) - most) / sum;
    }
    return sum / sum;
  },
  sigmoid: (result, { scores, row }) => writePair(result, row, scores[row] ?? Number.NaN),
  "sigmoid-logit": (result, { scores, row }) => {
    const score = scores[row] ?? Number.NaN;
    return writePair(result, row, Number.isFinite(score) ? 1 / (1 + Math.exp(-score)) : Number.NaN);
  },
};

function writePair(result: Float32Array, row: number, second: number): number {
  result[2 * row] = 1 - second;
  result[2 * row + 1] = second;
  return second >= 0 && second <= 1 ? 1 : Number.NaN;
}
