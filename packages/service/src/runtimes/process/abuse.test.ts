import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Limits } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import { instanceFiles, jobFiles } from "./job-files.ts";
import { hasPython, ProcessWorld } from "./process-test-support.ts";

const LIMITS: Limits = {
  memoryBytes: 2 ** 28,
  cpus: 1,
  processes: 64,
  diskBytes: 2 ** 26,
  maxRuntimeSeconds: 60,
};

describe.skipIf(!hasPython)("abuse", () => {
  let world: ProcessWorld;
  beforeAll(async () => {
    world = await ProcessWorld.open();
    if (world.runtime.recipes.best === null) console.log("skipped: no sandbox on this machine");
  });
  afterAll(async () => await world[Symbol.asyncDispose]());

  /** Runs the script while another job counts; the other goes on undisturbed. */
  const beside = (
    what: string,
    script: string,
    then: (end: { exitCode: number; outOfMemory?: boolean }, log: string) => void,
  ) =>
    test(what, async (context) => {
      if (world.runtime.recipes.best === null) context.skip();
      const other = world.plan("while :; do echo tick; sleep 0.05; done");
      await world.runtime.folders(other);
      await world.runtime.start(other, null);
      await world.printed(other, "tick");
      const plan = world.plan(script, { limits: LIMITS });
      const [end] = await world.run(plan);
      const before = (await world.log(other)).length;
      await expect.poll(async () => (await world.log(other)).length).toBeGreaterThan(before);
      expect(await world.runtime.observe(other)).toMatchObject([{ kind: "running" }]);
      await world.runtime.remove(other);
      if (end?.kind !== "exited") throw new Error(`it ${end?.kind}`);
      then(end, await world.log(plan));
      await world.runtime.remove(plan);
    });

  beside(
    "a fork bomb meets its limit of processes and is ended",
    `python3 -c "
import os, time
count = 0
try:
    while count < 5000:
        if os.fork() == 0: time.sleep(100)
        count += 1
except OSError as error: print('limit', count, error)
os._exit(7)"`,
    ({ exitCode }, log) => {
      expect(exitCode).toBe(7);
      expect(Number(/limit (\d+)/.exec(log)?.[1])).toBeLessThanOrEqual(LIMITS.processes);
    },
  );

  beside(
    "memory without end meets its limit",
    `exec python3 -c "
kept = []
while True: kept.append(bytearray(2**24))"`,
    ({ exitCode, outOfMemory }, log) => {
      if (outOfMemory === true) expect(exitCode).toBe(137);
      else expect(log).toContain("MemoryError");
    },
  );

  beside(
    "memory as files in /dev/shm meets its limit",
    "head -c 2000000000 /dev/zero > /dev/shm/big; echo $?; rm -f /dev/shm/big; exit 6",
    ({ exitCode, outOfMemory }) => expect(outOfMemory === true || exitCode === 6).toBe(true),
  );

  beside(
    "a file without end meets its limit",
    "head -c 2000000000 /dev/zero > big; echo $?; stat -c %s big",
    ({ exitCode }, log) => {
      expect(exitCode).toBe(0);
      expect(Number(log.trim().split("\n").at(-1))).toBeLessThanOrEqual(LIMITS.diskBytes);
    },
  );

  beside(
    "many files over the limit end the job",
    "i=0; while [ $i -lt 60 ]; do i=$((i+1)); head -c 10000000 /dev/zero > part$i; done; sleep 60",
    (end) => expect(end).toMatchObject({ exitCode: 137, outOfDisk: true }),
  );

  beside(
    "stdout may be closed, or opened and truncated as a file",
    "echo first; echo second > /dev/stderr; exec 1>&- 2>&-; sleep 0.1; exit 5",
    ({ exitCode }, log) => {
      expect(exitCode).toBe(5);
      expect(log).toBe("first\nsecond\n");
    },
  );

  test("1 GB of output is all there", async (context) => {
    if (world.runtime.recipes.best === null) context.skip();
    const plan = world.plan("head -c 1000000000 /dev/zero; echo end", {
      limits: { ...LIMITS, diskBytes: 2 ** 40 },
    });
    expect(await world.run(plan)).toMatchObject([{ exitCode: 0 }]);
    const file = logFile(join(world.dataFolder, "logs"), plan.logStreams[0] ?? "");
    expect((await stat(file)).size).toBe(1_000_000_004);
    const { truncate } = await import("node:fs/promises");
    await truncate(file);
  });

  test("with its supervisor killed the program goes too, and the instance has disappeared", async (context) => {
    if (world.runtime.recipes.best === null) context.skip();
    const name = `lost-${process.pid}`;
    const plan = world.plan(`echo up; exec python3 -c "import os; os.execvp('sleep', ['${name}', '500'])"`);
    await world.runtime.folders(plan);
    await world.runtime.start(plan, null);
    await world.printed(plan, "up");
    const { started } = jobFiles(world.dataFolder, plan.jobId);
    process.kill(Number((await readFile(started, "utf8")).split(" ")[0]), "SIGKILL");
    const { execFileSync } = await import("node:child_process");
    const there = () => execFileSync("ps", ["axo", "args"], { encoding: "utf8" }).includes(name);
    await expect.poll(there).toBe(false);
    expect(await world.runtime.observe(plan)).toEqual([{ kind: "disappeared" }]);
  });

  test("files that nobody may touch are removed with the job", async (context) => {
    if (world.runtime.recipes.best === null) context.skip();
    const plan = world.plan("mkdir -p a/b /opt/ml/x/y /tmp/z; touch a/b/c; chmod 000 a/b /opt/ml/x /tmp/z");
    await world.run(plan);
    await world.runtime.remove(plan);
    const { folder } = instanceFiles(jobFiles(world.dataFolder, plan.jobId), "algo-1");
    await expect(stat(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a program that is not there ends with 127", async () => {
    const plan = world.plan("", { entrypoint: ["no-such-program"] });
    expect(await world.run(plan)).toMatchObject([{ exitCode: 127 }]);
    expect(await world.log(plan)).toContain("no-such-program");
  });
});
