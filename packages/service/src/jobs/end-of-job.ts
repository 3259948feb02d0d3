import type { JobLogs } from "../logs/job-logs.ts";
import type { InstanceFolder, InstanceState } from "../runtimes/runtime.ts";
import type { JobRecord } from "../store/job-store.ts";
import { readExitMessage } from "./exit-message.ts";
import { errorReason, programFailure } from "./failure-reason.ts";
import { judge, type Verdict } from "./judge.ts";
import type { RunPlan } from "./run-plan.ts";
import type { FinalStatus } from "./status.ts";

/** Lines looked at for FailureReason, and their bytes: enough for the end of a long traceback. */
const LAST_LINES = { count: 60, maxBytes: 16_384 };

/** Errors that are not the program's; null where all went well. */
export interface Problems {
  /** Before the program ran, while it did, or in what fed it. */
  readonly cause: unknown;
  /** Outputs could not be uploaded. */
  readonly unsaved: unknown;
}

interface Ended {
  readonly record: JobRecord;
  readonly plan: RunPlan;
  readonly logs: Pick<JobLogs, "lastLines">;
  readonly problems: Problems;
  /** null when no program was started */
  readonly ran: {
    readonly states: readonly InstanceState[];
    readonly folders: readonly InstanceFolder[];
  } | null;
}

export interface End {
  readonly status: FinalStatus;
  readonly exitMessage: string | null;
  readonly failureReason: string | null;
}

/** A job's final status and what its record says of it. The first cause counts: a program that failed, before its outputs. */
export async function endOfJob({ record, plan, logs, problems, ran }: Ended): Promise<End> {
  if (ran === null) {
    if (record.status === "Stopping") return { status: "Stopped", exitMessage: null, failureReason: null };
    return failed(null, errorReason(problems.cause));
  }
  const verdict = judge(ran.states, record);
  const exitMessage = await exitMessageOf(verdict, ran.folders);
  if (problems.cause !== null) return failed(exitMessage, errorReason(problems.cause));
  if (verdict.kind === "failed") {
    const { host, exitCode, outOf } = verdict;
    const lastLines = await logs.lastLines(plan.logStreams[host] ?? "", LAST_LINES);
    const { memoryBytes, diskBytes } = plan.limits;
    const limit = outOf && { of: outOf, bytes: outOf === "memory" ? memoryBytes : diskBytes };
    const isolated = plan.networkIsolation;
    return failed(exitMessage, programFailure({ exitCode, exitMessage, lastLines, limit, isolated }));
  }
  if (verdict.kind === "disappeared") {
    return failed(exitMessage, `InternalServerError: instance ${plan.hosts[verdict.host]} disappeared`);
  }
  if (problems.unsaved !== null) return failed(exitMessage, errorReason(problems.unsaved));
  return { status: verdict.kind === "stopped" ? "Stopped" : "Completed", exitMessage, failureReason: null };
}

const failed = (exitMessage: string | null, failureReason: string): End => ({
  status: "Failed",
  exitMessage,
  failureReason,
});

/** Of the instance that failed, else of the first one that left a message. */
async function exitMessageOf(verdict: Verdict, folders: readonly InstanceFolder[]): Promise<string | null> {
  const asked = "host" in verdict ? folders.slice(verdict.host, verdict.host + 1) : folders;
  for (const folder of asked) {
    const message = await readExitMessage(folder);
    if (message !== null) return message;
  }
  return null;
}
