import { FieldmarkError } from "@fieldmark/contract";
import type { ProcessingJob } from "@fieldmark/sdk";
import type { CliContext } from "../context.ts";
import { Words } from "../words.ts";

/** A phase of which nothing is said is named when it lasts longer, in seconds. */
const LONG = 1;

/** What a job waits for in the phases before its program runs. */
const WAITS_FOR: Readonly<Record<string, string>> = {
  queued: "waiting for instances to become free",
  preparing: "making its image ready",
  staging: "placing its inputs",
  starting: "starting its instances",
};

/**
 * Says on stderr, a line each, what a job waits for until its program runs, and what is said of it: an environment may take
 * minutes to build. What is wrong with the service is for the wait for the job's end to tell.
 *
 * @param ended aborted when the job has ended or nobody waits any more
 */
export async function sayProgress(
  context: CliContext,
  job: Pick<ProcessingJob, "progress">,
  { quiet, ended }: { readonly quiet: boolean; readonly ended: AbortSignal },
): Promise<void> {
  if (quiet) return;
  const words = new Words(context, { quiet });
  let said = "";
  try {
    for await (const { phase, seconds, note } of job.progress(AbortSignal.any([context.signal, ended]))) {
      const text = note ?? (seconds < LONG ? null : (WAITS_FOR[phase] ?? null));
      if (text !== null && text !== said) words.note(phase, text);
      said = text ?? said;
    }
  } catch (error) {
    if (!(error instanceof FieldmarkError)) throw error;
  }
}
