import { join } from "node:path";
import type { EvaluationFiles, MeasuredEvaluation, OutputOptions } from "./evaluate-options.ts";
import { writeJsonFile, writeWhole } from "./files.ts";
import { evaluationJsonText } from "./measures/evaluation-json.ts";
import { csvChunks } from "./predictions/predictions-csv.ts";
import { predictionsParquet } from "./predictions/predictions-parquet.ts";
import { renderReport } from "./report/render-report.ts";

/**
 * Writes the output folder: every file whole, the report last.
 * @param imagePath where a picture is, for the report's thumbnails; null when it is not at hand
 * @throws DISK
 */
export async function writeEvaluation(
  evaluation: MeasuredEvaluation,
  { output, profile, seed }: OutputOptions,
  imagePath: (imageFileName: string) => string | null,
): Promise<EvaluationFiles> {
  const files: EvaluationFiles = {
    evaluationJson: join(output, "evaluation.json"),
    measuresJson: join(output, "measures.json"),
    predictionsCsv: join(output, "predictions.csv"),
    predictionsParquet: join(output, "predictions.parquet"),
    reportHtml: join(output, "report.html"),
  };
  const report = await renderReport(evaluation, imagePath);
  await writeWhole(files.predictionsCsv, csvChunks(evaluation.predictions));
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
