import { appendFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { JobLogs } from "../logs/job-logs.ts";
import { type FakeProgram, fakeProgram } from "../runtimes/fake/fake-runtime.ts";
import type { JobRecord, JobStore } from "../store/job-store.ts";
import type { Transfer } from "../transfer/transfer.ts";
import { type CreateRequest, newJob } from "./new-job.ts";
import { isFinal } from "./status.ts";

export const MACHINE = { region: "us-east-1", machineMemory: 8 * 2 ** 30, machineCpus: 2 };

/** A job whose fake program does this. */
export function job(
  name: string,
  program: FakeProgram,
  changes: { readonly instances?: number; readonly seconds?: number } = {},
) {
  const { entrypoint, arguments: args } = fakeProgram(program);
  const request: CreateRequest = {
    ProcessingJobName: name,
    ProcessingResources: {
      ClusterConfig: {
        InstanceCount: changes.instances ?? 1,
        InstanceType: "ml.m5.large",
        VolumeSizeInGB: 1,
      },
    },
    AppSpecification: {
      ImageUri: "fake",
      ContainerEntrypoint: [...(entrypoint ?? [])],
      ContainerArguments: [...args],
    },
    StoppingCondition: { MaxRuntimeInSeconds: changes.seconds ?? 3_600 },
    RoleArn: "arn:aws:iam::123456789012:role/birds",
  };
  return newJob(request, {
    region: "us-east-1",
    accountId: "123456789012",
    maxInstances: 100,
    now: Date.now(),
  });
}

/** Transfers that only write down, in one file a job, what they were asked for. */
export function writtenTransfer(
  folder: string,
  fails: (what: "stage" | "upload", jobName: string) => Error | null = () => null,
): Transfer {
  const write = async (jobId: string, line: string) => {
    await mkdir(folder, { recursive: true });
    await appendFile(join(folder, jobId), `${line}\n`);
  };
  const refuse = (what: "stage" | "upload", jobName: string) => {
    const error = fails(what, jobName);
    if (error !== null) throw error;
  };
  return {
    async stage({ jobId, jobName }, _folders, signal) {
      signal.throwIfAborted();
      refuse("stage", jobName);
      await write(jobId, "stage");
    },
    watchContinuous: () => ({ [Symbol.asyncDispose]: async () => {} }),
    async upload({ jobId, jobName }, folders) {
      refuse("upload", jobName);
      for (const { ml } of folders) await stat(join(ml, "output"));
      await write(jobId, "upload");
    },
    async release({ jobId }) {
      await write(jobId, "release");
    },
  };
}

/** Logs that hold the same last lines for every stream. */
export function linesAsLogs(lines: readonly string[]): JobLogs {
  return {
    follow: async () => {},
    end: async () => {},
    lastLines: async () => lines,
    removeEndedBefore: async () => 0,
  };
}

export async function untilEnded(store: JobStore, name: string): Promise<JobRecord> {
  for (;;) {
    const record = await store.get(name);
    if (record === null) throw new Error(`no job ${name}`);
    if (isFinal(record.status)) return record;
    await pause(5);
  }
}

export async function untilPhase(
  store: JobStore,
  name: string,
  phase: JobRecord["phase"],
): Promise<JobRecord> {
  for (;;) {
    const record = await store.get(name);
    if (record?.phase === phase) return record;
    await pause(5);
  }
}
