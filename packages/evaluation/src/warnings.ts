import type { Predictions } from "./predictions/predictions.ts";

/** Files with the same bytes under different labels: at least one of the labels is wrong. */
export interface ConflictingCopies {
  readonly sha256: string;
  readonly files: readonly { readonly imageFileName: string; readonly label: number }[];
}

/** Byte-identical pictures that carry different labels, in the order of the dataset. */
export function conflictingCopies({
  sha256,
  labels,
  imageFileNames,
}: Predictions): readonly ConflictingCopies[] {
  const rowsOf = new Map<string, number[]>();
  for (const [row, digest] of sha256.entries()) {
    if (digest === "") continue;
    const rows = rowsOf.get(digest);
    if (rows === undefined) rowsOf.set(digest, [row]);
    else rows.push(row);
  }
  return [...rowsOf]
    .filter(([, rows]) => new Set(rows.map((row) => labels[row])).size > 1)
    .map(([digest, rows]) => ({
      sha256: digest,
      files: rows.map((row) => ({ imageFileName: imageFileNames[row] ?? "", label: labels[row] ?? 0 })),
    }));
}

/** Share of the examples whose prediction is their label plus `by`. */
function shiftedAccuracy({ labels, predicted }: Predictions, by: number): number {
  let hits = 0;
  for (const [row, label] of labels.entries()) if (predicted[row] === label + by) hits++;
  return labels.length === 0 ? 0 : hits / labels.length;
}

/** A shifted reading must be right this much more often than the plain one before it is worth a warning. */
const CLEARLY_MORE = 0.2;

/**
 * What looks wrong with a whole run: labels shifted by one, a model no better than a constant answer.
 * @param wilsonLow lower end of the 95 % interval on accuracy
 * @param baseline  accuracy of always answering the most frequent class
 */
export function suspicions(
  predictions: Predictions,
  { wilsonLow, baseline }: { wilsonLow: number; baseline: number },
): readonly string[] {
  const found: string[] = [];
  const plain = shiftedAccuracy(predictions, 0);
  for (const by of [-1, 1]) {
    const shifted = shiftedAccuracy(predictions, by);
    if (shifted < plain + CLEARLY_MORE) continue;
    found.push(
      `the labels look shifted by one: ${percent(shifted)} of the predictions are the label ${by > 0 ? "+" : "−"} 1, ` +
        `${percent(plain)} the label itself; check whether class ids start at 0 or 1 (--label-form)`,
    );
  }
  if (predictions.labels.length > 0 && !(wilsonLow > baseline)) {
    found.push(
      `accuracy ${percent(plain)} is not clearly above ${percent(baseline)}, that of always answering the most ` +
        "frequent class: check the recipe, the class order and the model",
    );
  }
  return found;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
