import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anyRunPlan } from "../../jobs/run-plan.test.kit.ts";
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
  return anyRunPlan({ jobId: `job${made++}`, hosts, ...fakeProgram(PROGRAMS[program]) });
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
