import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeJsonFile, writeWhole } from "./files.ts";
import { failure } from "./predictions/made-predictions.test.support.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-files-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a file appears whole, its folders made, an older one replaced", async () => {
  const path = join(folder, "a/b/c.txt");
  await writeWhole(path, ["one ", Buffer.from("two")]);
  await writeWhole(path, ["three"]);
  expect(await readFile(path, "utf8")).toBe("three");
  expect(await readdir(join(folder, "a/b"))).toEqual(["c.txt"]);
  await writeJsonFile(path, { a: 1 });
  expect(await readFile(path, "utf8")).toBe('{\n  "a": 1\n}\n');
});

test("chunks that fail leave the older file, and nothing beside it", async () => {
  const path = join(folder, "c.txt");
  await writeWhole(path, ["old"]);
  function* broken() {
    yield "half";
    throw new RangeError("no more");
  }
  await expect(writeWhole(path, broken())).rejects.toThrow(RangeError);
  expect(await readdir(folder)).toEqual(["c.txt"]);
  expect(await readFile(path, "utf8")).toBe("old");
});

test("a path that cannot be written is the disk's error, and nothing is left", async () => {
  await writeFile(join(folder, "file"), "");
  const below = await failure(writeWhole(join(folder, "file/c.txt"), ["x"]));
  expect([below.code, below.fault]).toEqual(["DISK", "environment"]);
  expect(below.message).toContain("file/c.txt: cannot be written");
  await mkdir(join(folder, "is-a-folder"));
  expect((await failure(writeWhole(join(folder, "is-a-folder"), ["x"]))).code).toBe("DISK");
  expect((await readdir(folder)).sort()).toEqual(["file", "is-a-folder"]);
});
