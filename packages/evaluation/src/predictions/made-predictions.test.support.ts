import { FieldmarkError } from "@fieldmark/contract";
import { seededBits } from "../statistics/random.ts";
import { type Predictions, withPredicted } from "./predictions.ts";

/** Made-up predictions with names, digests and times that are hard on a file format. */
export function madePredictions(rows: number, classes: number, seed = 1): Predictions {
  const bits = seededBits(seed);
  const scores = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const raw = Array.from({ length: classes }, () => (bits() / 2 ** 32) ** 3 + 1e-9);
    const sum = raw.reduce((total, one) => total + one, 0);
    for (const [index, one] of raw.entries()) scores[row * classes + index] = one / sum;
  }
  return withPredicted({
    classNames: Array.from({ length: classes }, (_, index) => HARD_NAMES[index] ?? `class ${index}`),
    imageFileNames: Array.from(
      { length: rows },
      (_, row) => `${HARD_FOLDERS[row % HARD_FOLDERS.length]}/${row}.jpg`,
    ),
    sha256: Array.from({ length: rows }, (_, row) => row.toString(16).padStart(64, "0")),
    labels: Int32Array.from({ length: rows }, () => bits() % classes),
    probabilities: { rows, columns: classes, data: scores },
    milliseconds: Float64Array.from({ length: rows }, (_, row) => (row % 5 === 4 ? Number.NaN : row / 7)),
  });
}

const HARD_NAMES = ["013.Bobolink", 'Finch, "purple"', "Häher\nblau", "__proto__", "<b>Mallard</b>"];
const HARD_FOLDERS = ["plain", "with, comma", 'with "quotes"', "zwei\nZeilen", "Ünï/深い", "__proto__"];

/** The FieldmarkError that a promise is rejected with; a failed test when it is not. */
export async function failure(promise: Promise<unknown>): Promise<FieldmarkError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof FieldmarkError) return error;
  throw new Error(`expected a FieldmarkError, got ${error instanceof Error ? error.stack : String(error)}`);
}
