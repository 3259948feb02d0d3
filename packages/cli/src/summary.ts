import { basename } from "node:path";
import { CONTAINER_PREFIX_VARIABLE } from "@fieldmark/contract";
import { type Evaluation, MEASURES, type MeasureKey, type MeasuresJson } from "@fieldmark/evaluation";
import Table from "cli-table3";
import pc from "picocolors";
import { type CliContext, printable } from "./context.ts";

/** Measures of the table that ends a run; measures.json and the report hold all of them. */
const HEADLINE: readonly MeasureKey[] = [
  "accuracy",
  "top_3_accuracy",
  "balanced_accuracy",
  "precision_macro",
  "recall_macro",
  "f1_macro",
  "matthews_corrcoef",
  "roc_auc_macro",
  "log_loss",
  "expected_calibration_error",
];

/** One row of the table of measures, as text. */
export interface MeasureRow {
  readonly title: string;
  readonly value: string;
  readonly interval: string;
}

const CONFUSIONS = 5;

/** Rows of the headline measures that are defined for these predictions. */
export function measureRows({ overall }: MeasuresJson): readonly MeasureRow[] {
  return HEADLINE.flatMap((key) => {
    const { value, interval } = overall[key];
    if (value === null) return [];
    const { title } = MEASURES[key];
    const low = interval === null ? null : number(interval.low, key);
    const high = interval === null ? null : number(interval.high, key);
    return [{ title, value: number(value, key), interval: low === null ? "" : `${low} – ${high}` }];
  });
}

/** Shares as percentages, other measures as decimals. */
function number(value: number, key: MeasureKey): string {
  const [low, high] = MEASURES[key].range;
  const isShare = low === 0 && high === 1 && !key.endsWith("_error") && !key.startsWith("roc_auc");
  return isShare ? `${(value * 100).toFixed(1)} %` : value.toFixed(4);
}

/** The most frequent confusions: "Purple_Finch taken for American_Goldfinch: 4 of 30". */
export function confusionLines(
  { mostConfused, perClass }: MeasuresJson,
  limit = CONFUSIONS,
): readonly string[] {
  return mostConfused.slice(0, limit).map(({ actual, predicted, count }) => {
    const truth = perClass[actual];
    return `${truth?.name} taken for ${perClass[predicted]?.name}: ${count} of ${truth?.support}`;
  });
}

/** What a person sees at the end of a run. */
export function describeResult({ measures, files, predictions }: Evaluation, context: CliContext): string {
  const { bold, dim, yellow } = pc.createColors(context.color);
  const table = new Table({
    head: ["Measure", "Value", `${Math.round(measures.level * 100)} % interval`],
    colAligns: ["left", "right", "left"],
    style: { head: context.color ? ["bold"] : [], border: context.color ? ["gray"] : [], compact: true },
  });
  for (const { title, value, interval } of measureRows(measures)) table.push([title, value, interval]);
  const { count, correct } = measures.examples;
  const seconds = measures.provenance.seconds;
  const rate = seconds === null ? "" : dim(`, ${(count / seconds).toFixed(0)} pictures/s`);
  const lines = ["", table.toString(), "", `${bold(`${correct} of ${count}`)} pictures right${rate}`];
  const confusions = confusionLines(measures);
  if (confusions.length > 0)
    lines.push("", bold("Most confused"), ...confusions.map((line) => `  ${printable(line)}`));
  for (const { imageFileName, message } of measures.failures.slice(0, CONFUSIONS)) {
    lines.push(
      `${yellow("not decoded")} ${printable(message.includes(imageFileName) ? message : `${imageFileName}: ${message}`)}`,
    );
  }
  if (measures.failures.length > 0)
    lines.push(`${measures.failures.length} pictures could not be decoded and count in no measure`);
  for (const warning of measures.warnings) lines.push(`${yellow("warning")} ${printable(warning)}`);
  for (const { files: copies } of measures.conflictingCopies.slice(0, CONFUSIONS)) {
    const named = copies.map(
      ({ imageFileName, label }) => `${imageFileName} (${predictions.classNames[label]})`,
    );
    lines.push(
      `${yellow("warning")} the same picture under different labels: ${printable(named.join(", "))}`,
    );
  }
  if (isInJob(files.reportHtml, context))
    lines.push("", dim(`The job's output holds ${basename(files.reportHtml)}, ${beside(files)}`));
  else lines.push("", `${bold("Report")}  ${files.reportHtml}`, dim(`Beside it: ${beside(files)}`));
  return lines.join("\n");
}

/** A path inside a job leads nowhere for those who read its log: they find the files in the job's output. */
function isInJob(path: string, { env }: CliContext): boolean {
  const root = env[CONTAINER_PREFIX_VARIABLE] ?? "/opt/ml";
  return path.startsWith(`${root}/processing/`);
}

function beside(files: Evaluation["files"]): string {
  return Object.values(files)
    .filter((path) => path !== files.reportHtml)
    .map((path) => basename(path))
    .join(", ");
}
