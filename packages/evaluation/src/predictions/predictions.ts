/** Probabilities of every example that was predicted, in the order of the dataset. */
export interface Predictions {
  /** [classes] */
  readonly classNames: readonly string[];
  /** [examples] */
  readonly imageFileNames: readonly string[];
  /** [examples] hex SHA-256 of each file's bytes; "" where another tool's predictions have none. */
  readonly sha256: readonly string[];
  /** [examples] 0-based true class. */
  readonly labels: Int32Array;
  /** [examples] 0-based most probable class; the lowest index on ties, as numpy.argmax. */
  readonly predicted: Int32Array;
  /** row-major [examples, classes] */
  readonly probabilities: Float32Array;
  /** [examples] time of the batch's inference ÷ the batch's size; NaN where it is not known. */
  readonly milliseconds: Float64Array;
}

/** Index of the largest value of one row; the lowest on ties. */
export function argmax(probabilities: Float32Array, row: number, classes: number): number {
  const start = row * classes;
  let best = 0;
  for (let index = 1; index < classes; index++) {
    if ((probabilities[start + index] ?? 0) > (probabilities[start + best] ?? 0)) best = index;
  }
  return best;
}

/** Predictions with `predicted` filled in from the probabilities. */
export function withPredicted(predictions: Omit<Predictions, "predicted">): Predictions {
  const { labels, probabilities, classNames } = predictions;
  const predicted = Int32Array.from(labels, (_, row) => argmax(probabilities, row, classNames.length));
  return { ...predictions, predicted };
}

/** Probability of the predicted class. */
export function confidence({ probabilities, predicted, classNames }: Predictions, row: number): number {
  return probabilities[row * classNames.length + (predicted[row] ?? 0)] ?? Number.NaN;
}
