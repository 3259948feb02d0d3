import { csvCell } from "./csv-cell.ts";
import { float32Text } from "./float32-text.ts";
import { confidence, type Predictions, scoresOf } from "./predictions.ts";

/** Columns of predictions.csv, before and after the probabilities. */
const BEFORE = ["image_file_name", "sha256", "label", "predicted", "confidence"] as const;
const AFTER = ["milliseconds"] as const;

/** The header line, without its line end. */
export function csvHeader(classes: number): string {
  const probabilities = Array.from({ length: classes }, (_, index) => `p${index}`);
  return [...BEFORE, ...probabilities, ...AFTER].join(",");
}

/** One row, without its line end. */
export function csvRow(predictions: Predictions, row: number): string {
  const milliseconds = predictions.milliseconds[row] ?? Number.NaN;
  return [
    csvCell(predictions.imageFileNames[row] ?? ""),
    predictions.sha256[row] ?? "",
    predictions.labels[row],
    predictions.predicted[row],
    float32Text(confidence(predictions, row)),
    ...Array.from(scoresOf(predictions, row), float32Text),
    Number.isNaN(milliseconds) ? "" : milliseconds.toFixed(3),
  ].join(",");
}

/** predictions.csv, a chunk of whole rows at a time. */
export function* csvChunks(predictions: Predictions): Generator<string> {
  yield `${csvHeader(predictions.classNames.length)}\n`;
  const rows = predictions.labels.length;
  const step = 256;
  for (let start = 0; start < rows; start += step) {
    let text = "";
    for (let row = start; row < Math.min(rows, start + step); row++) text += `${csvRow(predictions, row)}\n`;
    yield text;
  }
}
