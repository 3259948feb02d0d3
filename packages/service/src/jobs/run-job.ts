import type { JobLogs } from "../logs/job-logs.ts";
import type { InstanceState, JobAccess, Prepared, Runtime } from "../runtimes/runtime.ts";
import type { Transfer } from "../transfer/transfer.ts";
import { writeConfigFiles } from "./config-files.ts";
import { endOfJob, type Problems } from "./end-of-job.ts";
import type { JobLife } from "./job-life.ts";
import type { RunPlan } from "./run-plan.ts";
import { runUntilEnd } from "./run-until-end.ts";
import type { Slots } from "./slots.ts";

export interface RunJobDeps {
  readonly runtime: Runtime;
  readonly transfer: Transfer;
  readonly logs: JobLogs;
  /** How many jobs stage or upload at once. */
  readonly transfers: Slots;
  /** Of the service, as instances reach it from now on; null where they cannot. */
  readonly endpoint: () => Promise<string | null>;
  /** epoch milliseconds */
  readonly now: () => number;
}

export interface JobSignals {
  /** Somebody asked to stop the job. */
  readonly stop: AbortSignal;
  /** The service ends: whatever runs goes on, and the next service takes the job from there. */
  readonly closing: AbortSignal;
}

/**
 * The whole life of a job, top to bottom, from wherever an earlier service left it: what `runtime.observe` says counts, not
 * what was meant to come next. A program that may have started is never started again, and its outputs are uploaded
 * whatever its end.
 *
 * @returns the error that was the job's end, where it is not its program's; the record names it
 * @throws the reason of `closing`; what the store throws when a step cannot be recorded. Call it again then.
 */
export async function runJob(
  life: JobLife,
  plan: RunPlan,
  deps: RunJobDeps,
  signals: JobSignals,
): Promise<unknown> {
  const { runtime, logs, transfer, transfers } = deps;
  const { stop, closing } = signals;
  /** null, or the error of a step; one that stands for something else is thrown on. */
  const attempt = async (step: () => Promise<void>): Promise<unknown> => {
    try {
      await step();
      return null;
    } catch (error) {
      closing.throwIfAborted();
      await life.recorded();
      return error;
    }
  };

  let cause = await attempt(() => startUnlessStarted(life, plan, deps, signals));
  if (stop.aborted) cause = null;

  let states = await runtime.observe(plan);
  const hasRun = life.hasReached("running") || states.some(isStarted);
  const folders = await runtime.folders(plan);
  if (hasRun) {
    const follow = async () => {
      await using _uploading = transfer.watchContinuous(plan, folders);
      states = await runUntilEnd(plan, { ...deps, life, stop, closing });
    };
    cause ??= await attempt(follow);
    if (cause !== null) {
      await attempt(() => runtime.signal(plan, "SIGKILL"));
      await attempt(follow);
    }
  }
  for (const stream of plan.logStreams) await logs.end(stream);
  const broken = await attempt(() => transfer.release(plan, folders));
  let unsaved: unknown = null;
  if (hasRun) {
    life.advance("uploading");
    unsaved = await attempt(() => transfers.run(() => transfer.upload(plan, folders, closing), closing));
  }

  const record = await life.read();
  const problems: Problems = { cause: cause ?? (hasRun ? broken : null), unsaved };
  await life.end(await endOfJob({ record, plan, logs, problems, ran: hasRun ? { states, folders } : null }));
  await runtime.remove(plan);
  return cause ?? broken ?? unsaved;
}

/** Does nothing to instances that were started, but for those of a start that was broken off in the middle. */
async function startUnlessStarted(
  life: JobLife,
  plan: RunPlan,
  { runtime, transfer, logs, transfers, endpoint }: RunJobDeps,
  { stop, closing }: JobSignals,
): Promise<void> {
  const signal = AbortSignal.any([stop, closing]);
  const states = await runtime.observe(plan);
  const isAdopted = states.some(isStarted);
  if (!isAdopted && !life.hasReached("running")) {
    signal.throwIfAborted();
    life.advance("staging", await preparedImage(life, plan, { runtime, signal }));
    const folders = await runtime.folders(plan);
    for (const folder of folders) await writeConfigFiles(plan, folder, runtime.name);
    await transfers.run(() => transfer.stage(plan, folders, signal), signal);
    life.advance("starting");
  }
  for (const stream of plan.logStreams) await logs.follow(stream);
  if (states.every(isStarted) || life.hasReached("running")) return;
  signal.throwIfAborted();
  // The start is recorded as ours before anything starts: another service may have taken the lease meanwhile.
  const { sessionKeys } = await life.recorded();
  const address = sessionKeys === null ? null : await endpoint();
  const access: JobAccess | null =
    sessionKeys === null || address === null
      ? null
      : { endpoint: address, region: plan.region, ...sessionKeys };
  await runtime.start(plan, access);
}

async function preparedImage(
  life: JobLife,
  plan: RunPlan,
  { runtime, signal }: { readonly runtime: Runtime; readonly signal: AbortSignal },
): Promise<Prepared> {
  using notes = life.notes();
  return await runtime.prepare(plan, { signal, onProgress: notes.note });
}

const isStarted = ({ kind }: InstanceState) => kind !== "absent";
