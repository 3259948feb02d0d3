import { type ScoredExamples, scoreExamples } from "../measures/scored-examples.ts";

/** What the model said of every example that it saw, in the order of the dataset. */
export interface Predictions extends ScoredExamples {
  /** [examples] */
  readonly imageFileNames: readonly string[];
  /** [examples] hex SHA-256 of each file's bytes; "" where another tool's predictions have none. */
  readonly sha256: readonly string[];
  /** [examples] time of the batch's inference ÷ the batch's size; NaN where it is not known. */
  readonly milliseconds: Float64Array;
}

/**
 * Checks the probabilities and adds the predicted classes.
 * @throws PREDICTIONS_INVALID, LENGTH_MISMATCH, CLASSES_MISMATCH
 */
export function withPredicted(predictions: Omit<Predictions, "predicted">): Predictions {
  return { ...predictions, ...scoreExamples(predictions) };
}

/** Scores of one example: [classes], a view. */
export function scoresOf({ probabilities }: Predictions, row: number): Float32Array {
  return probabilities.data.subarray(row * probabilities.columns, (row + 1) * probabilities.columns);
}

/** Probability of the predicted class. */
export function confidence(predictions: Predictions, row: number): number {
  return scoresOf(predictions, row)[predictions.predicted[row] ?? 0] ?? Number.NaN;
}
