import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
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

test.skipIf(docker === null)(
  "where the daemon sees no files of ours, inputs are sent and outputs fetched, Continuous ones on the way",
  async () => {
    await using world = await DockerWorld.open({ sharesFiles: false });
    const output = { outputName: "out", s3Uri: "s3://bucket/out", s3UploadMode: "Continuous" } as const;
    const plan = world.plan(
      "cd /opt/ml/processing; cat input/a.txt; echo b >> input/a.txt; echo early > out/early; ln -s /etc/passwd out/link; " +
        "until [ -e /tmp/go ]; do sleep 0.2; done; cat input/a.txt > out/late; echo said > /opt/ml/output/message; exit 5",
      { uploads: [{ ...output, localPath: "/opt/ml/processing/out" }] },
    );
    await world.prepare(plan);
    const [folder] = await world.runtime.folders(plan);
    const ml = folder?.ml ?? "";
    await mkdir(join(ml, "processing", "input"));
    await mkdir(join(ml, "processing", "out"));
    await writeFile(join(ml, "processing", "input", "a.txt"), "a\n");
    await world.runtime.start(plan, null);
    {
      using _watching = world.runtime.watch(plan, () => {});
      while (!(await readdir(join(ml, "processing", "out"))).includes("early")) await pause(100);
      const go = await world.docker
        .getContainer(containerName(plan.jobId, "algo-1"))
        .exec({ Cmd: ["touch", "/tmp/go"] });
      await go.start({ Detach: true });
      expect(await world.ended(plan)).toMatchObject([{ kind: "exited", exitCode: 5 }]);
    }
    expect((await readdir(join(ml, "processing", "out"))).sort()).toEqual(["early", "late"]);
    expect(await readFile(join(ml, "processing", "out", "late"), "utf8")).toBe("a\nb\n");
    expect(await readFile(join(ml, "processing", "input", "a.txt"), "utf8")).toBe("a\n");
    expect(await readFile(join(ml, "output", "message"), "utf8")).toBe("said\n");
    expect(await world.log(plan)).toBe("a\n");
  },
);
