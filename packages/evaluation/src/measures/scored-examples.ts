import { FieldmarkError } from "@fieldmark/contract";

/** Float32 numbers of `rows` × `columns`, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows × columns] */
  readonly data: Float32Array;
}

/** Examples with what they are and what the model said: all that any measure needs. */
export interface ScoredExamples {
  /** One name a column of `probabilities`, in the model's order. */
  readonly classNames: readonly string[];
  /** [examples], 0-based indices of the true classes. */
  readonly labels: Int32Array;
  /** [examples, classes], finite and not negative, each row with a sum above 0. */
  readonly probabilities: Matrix;
  /** [examples], index of the most probable class of each row, the lowest of equals. */
  readonly predicted: Int32Array;
}

/**
 * Checks labels and probabilities and adds the predicted classes.
 *
 * @param probabilities float32 [examples, classes]; rows need not sum to 1 exactly: the measures that
 *   need it renormalise them in float64
 * @throws LENGTH_MISMATCH when names, labels and probabilities disagree in their lengths
 * @throws CLASSES_MISMATCH when a label is not the index of a class
 * @throws PREDICTIONS_INVALID when a value is negative or not finite, or a row's sum is 0
 */
export function scoreExamples({
  classNames,
  labels,
  probabilities,
}: Omit<ScoredExamples, "predicted">): ScoredExamples {
  const { rows, columns, data } = probabilities;
  if (classNames.length !== columns || labels.length !== rows || data.length !== rows * columns) {
    throw new FieldmarkError(
      "LENGTH_MISMATCH",
      `${labels.length} labels and ${classNames.length} class names for ${rows} × ${columns} probabilities (${data.length} values)`,
    );
  }
  const predicted = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? -1;
    if (label < 0 || label >= columns) {
      throw new FieldmarkError(
        "CLASSES_MISMATCH",
        `example ${row}: label ${label} is not the index of one of ${columns} classes`,
      );
    }
    predicted[row] = mostProbable(data.subarray(row * columns, (row + 1) * columns), row);
  }
  return { classNames, labels, probabilities, predicted };
}

function mostProbable(scores: Float32Array, row: number): number {
  let best = 0;
  let sum = 0;
  for (let column = 0; column < scores.length; column++) {
    const score = scores[column] ?? Number.NaN;
    if (!(score >= 0 && score < Number.POSITIVE_INFINITY)) {
      throw new FieldmarkError(
        "PREDICTIONS_INVALID",
        `example ${row}: p${column} is ${score}; expected a finite number that is not negative`,
      );
    }
    sum += score;
    if (score > (scores[best] ?? 0)) best = column;
  }
  if (sum === 0) {
    throw new FieldmarkError("PREDICTIONS_INVALID", `example ${row}: all probabilities are 0`);
  }
  return best;
}
