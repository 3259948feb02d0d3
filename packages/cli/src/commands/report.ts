import { resolve } from "node:path";
import { recompute } from "@fieldmark/evaluation";
import { Command } from "commander";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { commandLine, type Output, outputOptions } from "../flags.ts";
import { mergeCommand } from "../shares/merge-command.ts";
import { appendStepSummary } from "../step-summary.ts";
import { describeResult } from "../summary.ts";

interface Flags extends Output {
  readonly labels?: string;
  readonly classNames?: string;
  readonly images?: string;
}

/** `fieldmark report`: measures and report again, from saved predictions; `merge`: from the shares of an evaluation. */
export function reportCommand(context: CliContext): Command {
  const command = new Command("report")
    .description("Recompute measures and report from saved predictions, without the model")
    .argument("<predictions>", "folder of an evaluation, predictions.csv or predictions.parquet")
    .option(
      "--labels <csv>",
      "CSV with image_file_name, class_id: labels that replace those of the rows it names",
    )
    .option("--class-names <file>", "class names in the order of the columns: one a line, or JSON")
    .option("--images <folder>", "folder of the pictures, for the thumbnails");
  outputOptions(command, "<predictions>-report");
  command.addCommand(mergeCommand(context));
  return command.action(async (predictions: string, flags: Flags) => {
    const at = (path: string) => resolve(context.cwd, path);
    const evaluation = await recompute({
      predictions: at(predictions),
      output: at(flags.output ?? reportFolder(at(predictions))),
      ...(flags.labels === undefined ? {} : { annotations: at(flags.labels) }),
      ...(flags.classNames === undefined ? {} : { classNames: at(flags.classNames) }),
      ...(flags.images === undefined ? {} : { images: at(flags.images) }),
      ...(flags.profile === undefined ? {} : { profile: flags.profile }),
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
      ...(flags.times === undefined ? {} : { times: flags.times }),
      command: commandLine(context),
    });
    if (flags.json === true) writeJson(context, { files: evaluation.files, ...evaluation.measures });
    else writeLine(context.stdout, describeResult(evaluation, context));
    await appendStepSummary(context, evaluation);
  });
}

/** evaluation → evaluation-report, theirs.csv → theirs-report: the saved files are not written over. */
function reportFolder(predictions: string): string {
  return `${predictions.replace(/\.(csv|parquet)$/i, "")}-report`;
}
