import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileState, recallDigest, rememberDigest, sameState } from "./digest-memo.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
/** Long after the files were written. */
const LATER = Date.now() + 60_000;

let folder: string;
let cache: string;
let model: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-memo-"));
  cache = join(folder, "cache");
  model = join(folder, "model.tar.gz");
  await writeFile(model, "bytes");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const remember = async (path = model, now = LATER) =>
  await rememberDigest(cache, await fileState(path), DIGEST, now);
const recall = async (path = model) => await recallDigest(cache, await fileState(path));

test("a digest is remembered while the file is as it was, under every path to it", async () => {
  expect(await recall()).toBeNull();
  await remember();
  expect(await recall()).toBe(DIGEST);
  await symlink(model, join(folder, "link"));
  expect(await recall(join(folder, "link"))).toBe(DIGEST);
});

test.each([
  ["other bytes", () => writeFile(model, "other")],
  ["more bytes", () => writeFile(model, "bytes!")],
  [
    "other bytes of the same length under the old time stamp",
    async () => {
      const { mtime, atime } = await stat(model);
      await writeFile(model, "sytes");
      await utimes(model, atime, mtime);
    },
  ],
  [
    "another file in its place",
    async () => {
      await writeFile(join(folder, "other"), "bytes");
      await rename(join(folder, "other"), model);
    },
  ],
])("%s: the digest is forgotten", async (_, change) => {
  await remember();
  await change();
  expect(await recall()).toBeNull();
});

test("a file that changed a moment ago is not remembered: it may be changing still", async () => {
  await remember(model, Date.now());
  expect(await recall()).toBeNull();
});

test("a folder is its files, at any depth", async () => {
  const saved = join(folder, "saved");
  await mkdir(join(saved, "1", "variables"), { recursive: true });
  await writeFile(join(saved, "1", "variables", "variables.index"), "index");
  await remember(saved);
  expect(await recall(saved)).toBe(DIGEST);
  const before = await fileState(saved);
  await writeFile(join(saved, "1", "labels.txt"), "one");
  expect(await recall(saved)).toBeNull();
  expect(sameState(before, await fileState(saved))).toBe(false);
});

test("a damaged memo is no memo", async () => {
  await remember();
  const [name = ""] = await readdir(join(cache, "digests"));
  for (const text of ["", "{", "[]", "null", '{"state":1}', '{"state":"x","digest":"sha256:1"}']) {
    await writeFile(join(cache, "digests", name), text);
    expect(await recall()).toBeNull();
  }
});

test("a path that is not there is FILE_NOT_FOUND", async () => {
  await expect(fileState(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
