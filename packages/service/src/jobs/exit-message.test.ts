import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { readExitMessage } from "./exit-message.ts";

let ml = "";
const read = () => readExitMessage({ host: "algo-1", ml, transfer: "", owner: null, copyBelow: [] });

beforeEach(async () => {
  ml = await mkdtemp(join(tmpdir(), "fieldmark-message-"));
  await mkdir(join(ml, "output"));
});
afterEach(() => rm(ml, { recursive: true }));

test.each<[string, string | Buffer, string | null]>([
  ["text", "no birds\n", "no birds"],
  ["nothing", " \n", null],
  ["invalid UTF-8", Buffer.from([0x61, 0xff, 0x62]), "a\uFFFDb"],
  ["NUL", "a\0b", "a\uFFFDb"],
  ["more than 1 KB", "é".repeat(600), "é".repeat(512)],
  ["a character cut at 1 KB", `x${"é".repeat(600)}`, `x${"é".repeat(511)}`],
])("%s", async (_, content, message) => {
  await writeFile(join(ml, "output", "message"), content);
  expect(await read()).toBe(message);
});

test("no message, a link, a folder, a pipe, and a linked output folder are none", async () => {
  const path = join(ml, "output", "message");
  expect(await read()).toBeNull();
  await symlink("/etc/hostname", path);
  expect(await read()).toBeNull();
  await rm(path);
  await mkdir(path);
  expect(await read()).toBeNull();
  await rm(path, { recursive: true });
  execFileSync("mkfifo", [path]);
  expect(await read()).toBeNull();
  await rm(join(ml, "output"), { recursive: true });
  await mkdir(join(ml, "elsewhere"));
  await writeFile(join(ml, "elsewhere", "message"), "secret");
  await symlink(join(ml, "elsewhere"), join(ml, "output"));
  expect(await read()).toBeNull();
});
