/** Counts of examples by actual class (rows) and predicted class (columns). */
export interface ConfusionMatrix {
  readonly classes: number;
  /** [classes × classes], row after row. */
  readonly counts: Float64Array;
}

/** What every measure of predicted classes is computed from: the diagonal and the margins. */
export interface ClassCounts {
  /** [classes], examples of the class that were predicted as it. */
  readonly truePositives: Float64Array;
  /** [classes], examples of the class (its support). */
  readonly actual: Float64Array;
  /** [classes], examples predicted as the class. */
  readonly predicted: Float64Array;
}

/**
 * @param labels    [examples], class indices
 * @param predicted [examples], class indices
 * @param classes   a class that occurs in neither keeps its row and column
 * @see scikit-learn `confusion_matrix(labels=range(classes))`
 */
export function confusionMatrix(labels: Int32Array, predicted: Int32Array, classes: number): ConfusionMatrix {
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < labels.length; i++) {
    const cell = (labels[i] ?? 0) * classes + (predicted[i] ?? 0);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return { classes, counts };
}

/** Diagonal, row sums and column sums. */
export function classCounts({ classes, counts }: ConfusionMatrix): ClassCounts {
  const truePositives = new Float64Array(classes);
  const actual = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  for (let row = 0; row < classes; row++) {
    truePositives[row] = counts[row * classes + row] ?? 0;
    for (let column = 0; column < classes; column++) {
      const count = counts[row * classes + column] ?? 0;
      actual[row] = (actual[row] ?? 0) + count;
      predicted[column] = (predicted[column] ?? 0) + count;
    }
  }
  return { truePositives, actual, predicted };
}

/** Two classes, one taken for the other. */
export interface Confusion {
  /** Index of the true class. */
  readonly actual: number;
  /** Index of the class that was predicted instead. */
  readonly predicted: number;
  readonly count: number;
  /** Share of the true class's examples, in (0, 1]. */
  readonly shareOfActual: number;
}

/** The largest cells beside the diagonal: by count, then share, then class indices. */
export function mostConfused(matrix: ConfusionMatrix, limit: number): Confusion[] {
  const { classes, counts } = matrix;
  const { actual } = classCounts(matrix);
  const confusions: Confusion[] = [];
  counts.forEach((count, cell) => {
    const row = Math.floor(cell / classes);
    const column = cell % classes;
    if (count === 0 || row === column) return;
    confusions.push({ actual: row, predicted: column, count, shareOfActual: count / (actual[row] ?? 1) });
  });
  confusions.sort(
    (a, b) =>
      b.count - a.count ||
      b.shareOfActual - a.shareOfActual ||
      a.actual - b.actual ||
      a.predicted - b.predicted,
  );
  return confusions.slice(0, limit);
}
