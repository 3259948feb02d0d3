import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { EvaluationFiles, MeasuresJson } from "@fieldmark/evaluation";
import {
  download,
  EvaluationProcessor,
  isS3Uri,
  type JobOutput,
  objectsBelow,
  type ProcessingJob,
  parseS3Uri,
  type Session,
} from "@fieldmark/sdk";
import { connect } from "../connect.ts";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import type { ServiceFlags } from "../service-flags.ts";
import { isShare } from "../shares/share-files.ts";
import { appendStepSummary } from "../step-summary.ts";
import { Words } from "../words.ts";
import { reportEnd } from "./job-end.ts";
import { transferBar } from "./transfer-bar.ts";

export interface AsJobFlags extends ServiceFlags {
  readonly model?: string;
  readonly modelFile?: string;
  readonly images?: string;
  readonly annotations?: string;
  readonly labels?: string;
  readonly recipeFile?: string;
  readonly output?: string;
  readonly resume?: boolean;
  readonly share?: unknown;
  readonly restOf: readonly string[];
  readonly instances?: number;
  readonly sharded?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * The evaluation as a processing job of a service: uploads model, pictures and labels, prints the job's lines, fetches
 * its results.
 *
 * @param passed the words of all other flags, which the job's `fieldmark evaluate` gets
 */
export async function evaluateAsJob(
  context: CliContext,
  flags: AsJobFlags,
  passed: readonly string[],
): Promise<void> {
  const words = new Words(context, flags);
  const folder = resolve(context.cwd, flags.output ?? "fieldmark-evaluation");
  using session = await connect(context, flags);
  const job = await start(session, context, { flags, passed });
  words.note("job", job.name);
  await reportEnd(context, job, {
    lines: flags.quiet !== true,
    json: flags.json === true,
    quiet: flags.quiet === true,
  });
  const output = await kept(session, context, { job, words });
  if (output === null) return;
  await fetchResults(session, context, { output, folder, quiet: flags.quiet === true });
  const files = filesIn(folder);
  const measures: MeasuresJson = JSON.parse(await readFile(files.measuresJson, "utf8"));
  if (flags.json === true) writeJson(context, { job: job.name, files, ...measures });
  else writeLine(context.stdout, `Report  ${files.reportHtml}`);
  await appendStepSummary(context, { measures });
}

async function start(
  session: Session,
  context: CliContext,
  { flags, passed }: { readonly flags: AsJobFlags; readonly passed: readonly string[] },
): Promise<ProcessingJob> {
  const { model, images, annotations, labels, recipeFile } = flags;
  if (model === undefined || images === undefined)
    throw new FieldmarkError("USAGE", "--as-job needs --model and --images");
  if (flags.resume === true) throw new FieldmarkError("USAGE", "--resume goes on in a folder, not in a job");
  if (flags.share !== undefined || flags.restOf.length > 0)
    throw new FieldmarkError(
      "USAGE",
      "--share works on a share here; a job's instances take theirs by themselves",
    );
  const at = (path: string) => (isS3Uri(path) ? path : resolve(context.cwd, path));
  const bar = transferBar(context, { title: "Uploading", quiet: flags.quiet === true });
  try {
    const processor = new EvaluationProcessor({ session, instanceCount: flags.instances ?? 1 });
    return await processor.run({
      model: flags.modelFile === undefined ? at(model) : `${at(model).replace(/\/$/, "")}/${flags.modelFile}`,
      images: at(images),
      imagesDistributionType: flags.sharded === true ? "ShardedByS3Key" : "FullyReplicated",
      ...(annotations === undefined ? {} : { annotations: at(annotations) }),
      ...(labels === undefined ? {} : { labels: at(labels) }),
      ...(recipeFile === undefined ? {} : { recipeFile: at(recipeFile) }),
      arguments: passed,
      signal: context.signal,
      onProgress: bar.show,
    });
  } finally {
    bar.stop();
  }
}

/** The job's output, where it left one: an evaluation with pictures that cannot be decoded fails and has its report. */
async function kept(
  session: Session,
  context: CliContext,
  { job, words }: { readonly job: ProcessingJob; readonly words: Words },
): Promise<JobOutput | null> {
  const [output] = job.outputs;
  if (output === undefined) return null;
  const objects = await objectsBelow(session, parseS3Uri(output.destination), context.signal);
  if (objects.some(({ name }) => name === "measures.json")) return output;
  if (objects.some(({ name }) => isShare(name)))
    words.note(
      "shares",
      `fieldmark report merge ${output.destination} makes a report of all, once all are there`,
    );
  return null;
}

async function fetchResults(
  session: Session,
  context: CliContext,
  { output, folder, quiet }: { readonly output: JobOutput; readonly folder: string; readonly quiet: boolean },
): Promise<void> {
  const bar = transferBar(context, { title: "Fetching", quiet });
  try {
    const ends = { from: output.destination, to: folder };
    await download(session, ends, { signal: context.signal, onProgress: bar.show });
  } finally {
    bar.stop();
  }
}

function filesIn(folder: string): EvaluationFiles {
  return {
    evaluationJson: join(folder, "evaluation.json"),
    measuresJson: join(folder, "measures.json"),
    predictionsCsv: join(folder, "predictions.csv"),
    predictionsParquet: join(folder, "predictions.parquet"),
    reportHtml: join(folder, "report.html"),
  };
}
