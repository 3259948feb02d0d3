import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type ContractProgram, type RuntimeFixture, runtimeContract } from "../runtime-contract.ts";
import { instanceFiles, jobFiles } from "./job-files.ts";
import { hasPython, ProcessWorld } from "./process-test-support.ts";
import type { Recipe } from "./recipes.ts";

const STARTS = "echo started >> $ML/output/starts";
const PROGRAMS: Readonly<Record<ContractProgram, string>> = {
  "exits 0": STARTS,
  "exits 3": `${STARTS}; exit 3`,
  "touches and exits 0": `${STARTS}; echo made > $ML/processing/made`,
  "runs until SIGTERM": `${STARTS}; exec sleep 1000`,
  "ignores SIGTERM": `trap '' TERM; ${STARTS}; while :; do sleep 1; done`,
};

async function fixture(tools: readonly Recipe["tool"][]): Promise<RuntimeFixture> {
  const world = await ProcessWorld.open({ tools });
  return {
    runtime: world.runtime,
    reopen: async () => await world.reopen(),
    plan: (program, changes = {}) => world.plan(`ML=\${OPT_ML:-/opt/ml}; ${PROGRAMS[program]}`, changes),
    lose: async (plan, host) => {
      const { mark } = instanceFiles(jobFiles(world.dataFolder, plan.jobId), host);
      process.kill(Number((await readFile(mark, "utf8")).split(" ")[0]), "SIGKILL");
    },
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  };
}

describe.skipIf(!hasPython).each([["bwrap"], ["unshare"], []] as const)(
  "with %s",
  (...tools: readonly Recipe["tool"][]) => {
    runtimeContract(`process runtime, ${tools[0] ?? "no namespaces"}`, async () => await fixture(tools));
  },
);

test.skipIf(!hasPython)(
  "a fork that the supervisor does not know is no second start: `started` is made once",
  async () => {
    await using world = await ProcessWorld.open();
    const plan = world.plan(`echo once >> "\${OPT_ML:-/opt/ml}"/output/runs`);
    await world.run(plan);
    const job = jobFiles(world.dataFolder, plan.jobId);
    const { startSupervisor } = await import("./start-supervisor.ts");
    await startSupervisor(job, { sharedNetwork: false, root: true });
    expect(await readFile(`${instanceFiles(job, "algo-1").ml}/output/runs`, "utf8")).toBe("once\n");
  },
);
