import { join } from "node:path";
import type { EvaluationFiles, MeasuredEvaluation, OutputOptions } from "./evaluate-options.ts";
import { writeJsonFile, writeWhole } from "./files.ts";
import { evaluationJsonText } from "./measures/evaluation-json.ts";
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
  const report = await renderReport(evaluation, pictures);
  await writeWhole(files.predictionsCsv, csvChunks(evaluation.predictions));
  const { predictionsParquet } = await import("./predictions/predictions-parquet.ts");
  await writeWhole(files.predictionsParquet, [predictionsParquet(evaluation.predictions)]);
  await writeWhole(files.evaluationJson, [
    evaluationJsonText(evaluation.predictions, {
      ...(profile === undefined ? {} : { profile }),
      ...(seed === undefined ? {} : { seed }),
    }),
  ]);
  await writeJsonFile(files.measuresJson, evaluation.measures);
  await writeWhole(files.reportHtml, [report]);
  return files;
}
