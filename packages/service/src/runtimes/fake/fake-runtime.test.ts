import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { RunPlan } from "../../jobs/run-plan.ts";
import { type ContractProgram, runtimeContract } from "../runtime-contract.ts";
import { type FakeProgram, fakeProgram, fakeRuntime, loseFakeInstance } from "./fake-runtime.ts";

const PROGRAMS = {
  "exits 0": { runs: 20 },
  "exits 3": { runs: 20, exitCode: 3 },
  "touches and exits 0": { runs: 20, writes: { "processing/made": "made\n" } },
  "runs until SIGTERM": {},
  "ignores SIGTERM": { ignoresSigterm: true },
} as const satisfies Record<ContractProgram, FakeProgram>;

let made = 0;

function plan(program: ContractProgram, { hosts = ["algo-1"] }: { hosts?: readonly string[] } = {}): RunPlan {
  const jobId = `job${made++}`;
  return {
    jobId,
    jobName: jobId,
    jobArn: `arn:aws:sagemaker:us-east-1:123456789012:processing-job/${jobId}`,
    region: "us-east-1",
    image: "fake",
    ...fakeProgram(PROGRAMS[program]),
    environment: {},
    instanceType: "ml.m5.large",
    hosts,
    networkIsolation: false,
    downloads: [],
    uploads: [],
    limits: { memoryBytes: 1, cpus: 1, processes: 1, diskBytes: 1, maxRuntimeSeconds: 60 },
    processingJobConfig: {},
    logStreams: hosts.map((host) => `${jobId}/${host}-1`),
  };
}

runtimeContract("fake", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-fake-"));
  const open = () => fakeRuntime({ folder, now: Date.now });
  return {
    runtime: open(),
    reopen: async () => open(),
    plan,
    lose: (job, host) => loseFakeInstance(folder, job, host),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});
