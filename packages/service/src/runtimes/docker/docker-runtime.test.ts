import { describe } from "vitest";
import { type ContractProgram, runtimeContract } from "../runtime-contract.ts";
import { containerName } from "./docker-options.ts";
import { DockerWorld, docker } from "./docker-runtime.test.kit.ts";

const STARTS = "echo started >> /opt/ml/output/starts";
/** A program is process 1 of its container, which gets no signal that it does not handle. */
const PROGRAMS: Readonly<Record<ContractProgram, string>> = {
  "exits 0": STARTS,
  "exits 3": `${STARTS}; exit 3`,
  "touches and exits 0": `${STARTS}; echo made > /opt/ml/processing/made`,
  "runs until SIGTERM": `trap 'exit 143' TERM; ${STARTS}; sleep 1000 & wait`,
  "ignores SIGTERM": `trap '' TERM; ${STARTS}; while :; do sleep 1; done`,
};

describe.skipIf(docker === null)("on a daemon", () => {
  runtimeContract("docker runtime", async () => {
    const world = await DockerWorld.open();
    return {
      runtime: world.runtime,
      reopen: async () => await world.reopen(),
      plan: (program, changes = {}) => world.plan(PROGRAMS[program], changes),
      lose: async ({ jobId }, host) =>
        await world.docker.getContainer(containerName(jobId, host)).remove({ force: true }),
      [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
    };
  });
});
