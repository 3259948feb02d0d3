import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readlink, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InstanceFolder } from "../runtimes/runtime.ts";
import { download, type Fixture, openFixture, planOf } from "./transfer.test.kit.ts";

let fixture: Fixture;
let folder: InstanceFolder;
beforeEach(async () => {
  fixture = await openFixture();
  folder = (await fixture.folders(1))[0]!;
});
afterEach(async () => {
  await fixture.transfer.release(planOf({}), [folder]).catch(() => undefined);
  await fixture[Symbol.asyncDispose]();
});

const never = new AbortController().signal;
const fifo = () => join(folder.ml, "processing/in_0");

async function pipe(compression: "None" | "Gzip" = "None") {
  const input = download("s3://bkt/p", { s3InputMode: "Pipe", s3CompressionType: compression });
  const plan = planOf({ downloads: [input] });
  await fixture.transfer.stage(plan, [folder], never);
  return plan;
}

/** What a program that reads the FIFO to its end gets; another process, since opening a FIFO blocks. */
async function read(): Promise<string> {
  return (await promisify(execFile)("cat", [fifo()], { encoding: "utf8" })).stdout;
}

/** It is there as soon as the input is staged: a job that is stopped right then stops its feeder too. */
async function feeder(): Promise<number> {
  const pid = Number(await readFile(join(folder.transfer, "pipe-0/pid"), "utf8"));
  expect(pid).toBeGreaterThan(0);
  return pid;
}

/** Zombies and strangers do not count. */
async function isFeeding(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes("fieldmark-feeder");
}

async function ended(pid: number): Promise<void> {
  while (await isFeeding(pid)) await setTimeout(5);
}

test("objects follow one another in key order", async () => {
  for (const key of ["p/b", "p/a", "p/c/d"]) await fixture.put(key, `${key}\n`);
  await pipe();
  expect((await stat(fifo())).isFIFO()).toBe(true);
  expect(await read()).toBe("p/a\np/b\np/c/d\n");
  await ended(await feeder());
});

test("gzip is decompressed as it flows", async () => {
  await fixture.put("p/1", gzipSync("one "));
  await fixture.put("p/2", Buffer.concat([gzipSync("two "), gzipSync("members")]));
  const plan = await pipe("Gzip");
  expect(await read()).toBe("one two members");
  await fixture.transfer.release(plan, [folder]);
});

test("what is not gzip fails before the program starts, what is damaged when it is gone; both name the URI", async () => {
  await fixture.put("p/1", "plain");
  await expect(pipe("Gzip")).rejects.toMatchObject({
    code: "INPUT_NOT_GZIP",
    message: expect.stringContaining("s3://bkt/p/1"),
  });
  await fixture.put("p/1", gzipSync("fine"));
  await fixture.put("p/2", gzipSync("x".repeat(100_000)).subarray(0, 60));
  const plan = await pipe("Gzip");
  await read();
  await ended(await feeder());
  await expect(fixture.transfer.release(plan, [folder])).rejects.toMatchObject({
    code: "INPUT_NOT_GZIP",
    message: expect.stringContaining("s3://bkt/p/2"),
  });
});

test("a program that never opens the FIFO, or stops early, leaves nothing behind", async () => {
  await fixture.put("p/big", "y".repeat(1 << 20));
  const plan = await pipe();
  const waiting = await feeder();
  expect(await isFeeding(waiting)).toBe(true);
  await fixture.transfer.release(plan, [folder]);
  await ended(waiting);
  await pipe();
  const second = await feeder();
  await promisify(execFile)("head", ["-c", "10", fifo()]);
  await ended(second);
  await fixture.transfer.release(plan, [folder]);
});

test("staging again replaces the feeder", async () => {
  await fixture.put("p/a", "once");
  await pipe();
  const first = await feeder();
  await pipe();
  await ended(first);
  expect(await read()).toBe("once");
});

test("a program that puts a link in the FIFO's place leads the feeder nowhere", async () => {
  await fixture.put("p/a", "stolen");
  await pipe();
  const victim = join(fixture.root, "victim");
  await writeFile(victim, "intact");
  await unlink(fifo());
  await symlink(victim, fifo());
  await setTimeout(100);
  expect(await readFile(victim, "utf8")).toBe("intact");
});

test("a pid that is another process now is left alone", async () => {
  await fixture.put("p/a", "x");
  const plan = await pipe();
  const own = await feeder();
  const stranger = spawn("sleep", ["60"], { detached: true });
  await writeFile(join(folder.transfer, "pipe-0/pid"), String(stranger.pid));
  await fixture.transfer.release(plan, [folder]);
  expect(existsSync(`/proc/${stranger.pid}`)).toBe(true);
  process.kill(-(stranger.pid ?? 0), "SIGKILL");
  process.kill(-own, "SIGKILL");
});

test("the feeder is a session of its own that holds nothing of the service: killing the service does not reach it", async () => {
  await fixture.put("p/a", "x");
  await pipe();
  const pid = await feeder();
  const [, , group, session] = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  expect([Number(group), Number(session)]).toEqual([pid, pid]);
  for (const fd of [0, 2]) expect(await readlink(`/proc/${pid}/fd/${fd}`)).toBe("/dev/null");
});
