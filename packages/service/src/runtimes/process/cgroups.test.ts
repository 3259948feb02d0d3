import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Limits } from "../../jobs/run-plan.ts";
import { type InstanceGroups, openControlGroups, removeGroups } from "./cgroups.ts";

const LIMITS: Limits = {
  memoryBytes: 2 ** 26,
  cpus: 1,
  processes: 10,
  diskBytes: 0,
  maxRuntimeSeconds: 60,
};
const groups = await openControlGroups();
const { version, controllers, lacks } = groups;
if (lacks !== null)
  process.stdout.write(`skipped: limits by control groups, of ${[...controllers]}: ${lacks}\n`);

let made: InstanceGroups;

async function create(): Promise<void> {
  made = await groups.create(`test-${process.pid}`, LIMITS);
}

/** Ends whatever is left in the groups, which go with their last process. */
afterEach(async () => {
  await expect
    .poll(async () => {
      for (const folder of made.folders) {
        const ids = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
        for (const id of ids.split("\n").filter(Boolean)) process.kill(Number(id), "SIGKILL");
      }
      await removeGroups(made.folders);
      return await Promise.all(
        made.folders.map((folder) =>
          access(folder).then(
            () => folder,
            () => null,
          ),
        ),
      );
    })
    .toEqual(made.folders.map(() => null));
});

/** What a shell in the groups prints on both streams, whatever its exit code. */
async function inside(script: string): Promise<string> {
  const enter = made.join.map((file) => `echo 0 > '${file}'`).join(" && ");
  const ran = promisify(execFile)("/bin/sh", ["-c", `${enter} && { ${script}\n}`]);
  const { stdout, stderr } = await ran.catch((failed: { stdout: string; stderr: string }) => failed);
  return `${stdout}${stderr}`;
}

test.skipIf(!controllers.has("pids"))(
  `version ${version}: processes beyond the limit are not made`,
  async () => {
    await create();
    const said = await inside(
      "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 > /dev/null 2>&1 & done; echo all made",
    );
    expect(said).toMatch(/fork/i);
    expect(said).not.toContain("all made");
  },
);

test.skipIf(!controllers.has("memory"))(
  `version ${version}: what uses more memory is killed, and the count of its group says so`,
  async () => {
    await create();
    const counts = async () => await Promise.all(made.oomCounts.map((file) => readFile(file, "utf8")));
    expect((await counts()).join("\n")).toMatch(/^oom_kill 0$/m);
    await inside("head -c 300000000 /dev/zero | tail -c 300000000 | wc -c");
    expect((await counts()).join("\n")).toMatch(/^oom_kill [1-9]/m);
  },
);

test.skipIf(!controllers.has("cpu"))(`version ${version}: the processors are bounded`, async () => {
  await create();
  const limits = made.folders.flatMap((folder) => [
    join(folder, "cpu.max"),
    join(folder, "cpu.cfs_quota_us"),
  ]);
  const texts = await Promise.all(limits.map((file) => readFile(file, "utf8").catch(() => "")));
  expect(texts.join("").trim()).toBe(version === 1 ? "100000" : "100000 100000");
});

test.skipIf(version === null)(`version ${version}: a shell that wrote into the files is inside`, async () => {
  await create();
  expect(await inside("cat /proc/self/cgroup")).toContain(`/fieldmark/test-${process.pid}\n`);
});
