import { FieldmarkError } from "@fieldmark/contract";
import type { JobDescription, ProcessingJob } from "@fieldmark/sdk";
import pc from "picocolors";
import { type CliContext, printable, writeLine } from "../context.ts";
import { EXIT } from "../failures.ts";
import { linePrinter } from "./job-lines.ts";
import { sayProgress } from "./job-progress.ts";
import { formatSeconds } from "./seconds.ts";

/**
 * Waits for a job's end, with its lines when wanted, and says on stderr what it waits for before it runs, and how it
 * ended. A job that failed or was stopped makes the exit code 1.
 *
 * @returns its last description
 */
export async function reportEnd(
  context: CliContext,
  job: ProcessingJob,
  { lines, json, quiet }: { readonly lines: boolean; readonly json: boolean; readonly quiet: boolean },
): Promise<Omit<JobDescription, "$metadata">> {
  const { signal } = context;
  const before = await job.describe(signal);
  const several = (before.ProcessingResources?.ClusterConfig?.InstanceCount ?? 1) > 1;
  const print = linePrinter(context, { several, json: false, stream: json ? "stderr" : "stdout" });
  const ended = new AbortController();
  const waiting = job.wait({ logs: lines ? print : false, signal }).catch(async (error: unknown) => {
    if (!(error instanceof FieldmarkError) || error.code !== "JOB_FAILED") throw error;
    return await job.describe(signal);
  });
  const [description] = await Promise.all([
    waiting.finally(() => ended.abort()),
    sayProgress(context, job, { quiet, ended: ended.signal }),
  ]);
  writeLine(context.stderr, endOf(context, job.name, description));
  if (description.ProcessingJobStatus !== "Completed") context.exit.code = EXIT.failed;
  const { $metadata: _, ...end } = description;
  return end;
}

/** "birds-1 completed in 3.2 s", "birds-1 failed after 3.2 s: AlgorithmError: …". */
function endOf(context: CliContext, name: string, description: JobDescription): string {
  const { green, red, yellow, bold } = pc.createColors(context.color);
  const { CreationTime, ProcessingEndTime, FailureReason } = description;
  const seconds = formatSeconds(
    ((ProcessingEndTime?.getTime() ?? 0) - (CreationTime?.getTime() ?? 0)) / 1000,
  );
  switch (description.ProcessingJobStatus) {
    case "Completed":
      return `${name} ${green(bold("completed"))} in ${seconds}`;
    case "Stopped":
      return `${name} was ${yellow(bold("stopped"))} after ${seconds}`;
    default:
      return `${name} ${red(bold("failed"))} after ${seconds}: ${printable(FailureReason ?? "no reason was given")}`;
  }
}
