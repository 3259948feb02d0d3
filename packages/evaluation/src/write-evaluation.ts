import { join } from "node:path";
import type { EvaluationFiles, MeasuredEvaluation, OutputOptions } from "./evaluate-options.ts";
import { writeJsonFile, writeWhole } from "./files.ts";
import { evaluationJsonText } from "./measures/evaluation-json.ts";
import type { Predictions } from "./predictions/predictions.ts";
import { csvChunks } from "./predictions/predictions-csv.ts";
import { renderReport } from "./report/render-report.ts";
import type { RankedRows } from "./report/report-rows.ts";

/**
 * Writes the output folder: every file whole, the report last.
 * @param pictures what `reportPictures` makes of the predictions
 * @throws DISK
 */
export async function writeEvaluation(
  evaluation: MeasuredEvaluation,
  { output, profile, seed }: OutputOptions,
  pictures: RankedRows,
): Promise<EvaluationFiles> {
  const files: EvaluationFiles = {
    evaluationJson: join(output, "evaluation.json"),
    measuresJson: join(output, "measures.json"),
    predictionsCsv: join(output, "predictions.csv"),
    predictionsParquet: join(output, "predictions.parquet"),
    reportHtml: join(output, "report.html"),
  };
  const { predictions, measures } = evaluation;
  const [report] = await Promise.all([
    renderReport(evaluation, pictures),
    writeWhole(files.predictionsCsv, csvChunks(predictions)),
    writeParquet(files.predictionsParquet, predictions),
    writeWhole(files.evaluationJson, [
      evaluationJsonText(predictions, {
        ...(profile === undefined ? {} : { profile }),
        ...(seed === undefined ? {} : { seed }),
      }),
    ]),
    writeJsonFile(files.measuresJson, measures),
  ]);
  await writeWhole(files.reportHtml, [report]);
  return files;
}

/** Loaded here, not with the program: it takes a while, and no other command writes Parquet. */
async function writeParquet(path: string, predictions: Predictions): Promise<void> {
  const { predictionsParquet } = await import("./predictions/predictions-parquet.ts");
  await writeWhole(path, [predictionsParquet(predictions)]);
}
