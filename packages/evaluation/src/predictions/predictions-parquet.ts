import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { confidence, type Predictions, scoresOf } from "./predictions.ts";

/** Key of the Parquet metadata that holds the class names as a JSON array. */
export const CLASS_NAMES_KEY = "fieldmark.class_names";
/** Key of the JSON that makes the predictions an instance's share of an evaluation. */
export const SHARE_KEY = "fieldmark.share";

/**
 * predictions.parquet: the columns of predictions.csv and `label_name`, `predicted_name`.
 * Probabilities are FLOAT (float32), milliseconds DOUBLE.
 * @param share JSON of an instance's share, which goes into the metadata
 */
export function predictionsParquet(predictions: Predictions, share?: string): Uint8Array {
  const { classNames, labels, predicted } = predictions;
  const rows = Array.from(labels.keys());
  const nameOf = (index: number) => classNames[index] ?? "";
  const columnData: ColumnSource[] = [
    { name: "image_file_name", data: [...predictions.imageFileNames], type: "STRING" },
    { name: "sha256", data: [...predictions.sha256], type: "STRING" },
    { name: "label", data: labels, type: "INT32" },
    { name: "predicted", data: predicted, type: "INT32" },
    { name: "label_name", data: Array.from(labels, nameOf), type: "STRING" },
    { name: "predicted_name", data: Array.from(predicted, nameOf), type: "STRING" },
    {
      name: "confidence",
      data: Float32Array.from(rows, (row) => confidence(predictions, row)),
      type: "FLOAT",
    },
    ...classNames.map(
      (_, index): ColumnSource => ({
        name: `p${index}`,
        data: Float32Array.from(rows, (row) => scoresOf(predictions, row)[index] ?? Number.NaN),
        type: "FLOAT",
      }),
    ),
    { name: "milliseconds", data: predictions.milliseconds, type: "DOUBLE" },
  ];
  const buffer = parquetWriteBuffer({
    columnData,
    kvMetadata: [
      { key: CLASS_NAMES_KEY, value: JSON.stringify(classNames) },
      ...(share === undefined ? [] : [{ key: SHARE_KEY, value: share }]),
    ],
  });
  return new Uint8Array(buffer);
}
