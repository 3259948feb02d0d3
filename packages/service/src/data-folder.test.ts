import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownerKeys } from "./data-folder.ts";
import { lockFolder } from "./folder-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-data-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("keys are made once, whoever asks at the same time, and are nobody else's to read", async () => {
  const data = join(folder, "data");
  const all = await Promise.all(Array.from({ length: 10 }, () => ownerKeys(data)));
  expect(new Set(all.map((keys) => JSON.stringify(keys))).size).toBe(1);
  expect(all[0]?.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
  expect(all[0]?.secretAccessKey).toHaveLength(40);
  expect(await ownerKeys(data)).toEqual(all[0]);
  expect(await readdir(data)).toEqual(["keys.json"]);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  expect((await stat(join(data, "keys.json"))).mode & 0o777).toBe(0o600);
});

test.each(["", "{", "[]", '{"accessKeyId": 1, "secretAccessKey": "x"}'])(
  "broken keys are said to be so: %j",
  async (text) => {
    await writeFile(join(folder, "keys.json"), text);
    await expect(ownerKeys(folder)).rejects.toMatchObject({ code: "DATA_BROKEN" });
  },
);

test("a folder has one service, and the refusal names its process", async () => {
  {
    await using _lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "DATA_IN_USE",
      details: { pid: process.pid },
    });
  }
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that is gone, or of an earlier one with this id, is taken over", async () => {
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  for (const stale of [
    { pid: gone.pid, startedAt: null },
    { pid: process.pid, startedAt: "another boot/1" },
  ]) {
    await writeFile(join(folder, "lock"), JSON.stringify(stale));
    await using _lock = await lockFolder(folder);
    expect(JSON.parse(await readFile(join(folder, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
  }
  await writeFile(join(folder, "lock"), '{"pi');
  await using _lock = await lockFolder(folder);
});

test("of many that find a stale lock one gets it", async () => {
  for (let round = 0; round < 20; round++) {
    const stale = { pid: process.pid, startedAt: `another boot/${round}` };
    await writeFile(join(folder, "lock"), JSON.stringify(stale));
    const tried = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const got = tried.filter((one) => one.status === "fulfilled");
    expect(got).toHaveLength(1);
    await got[0]?.value[Symbol.asyncDispose]();
    expect((await readdir(folder)).filter((name) => name.startsWith("lock"))).toEqual([]);
  }
});
