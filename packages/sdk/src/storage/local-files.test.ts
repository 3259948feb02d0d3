import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localTree } from "./local-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-sdk-"));
  await mkdir(join(folder, "data/b"), { recursive: true });
  await writeFile(join(folder, "data/b/two.txt"), "22");
  await writeFile(join(folder, "data/a.txt"), "1");
  await symlink("a.txt", join(folder, "data/link.txt"));
  await symlink("..", join(folder, "data/up"));
  await symlink("nowhere", join(folder, "data/broken"));
});
afterEach(async () => await rm(folder, { recursive: true }));

test("a folder's files come by name; links to files are followed, links to folders are not", async () => {
  const { kind, files } = await localTree(join(folder, "data"));
  expect(kind).toBe("folder");
  expect(files.map(({ name, size }) => [name, size])).toEqual([
    ["a.txt", 1],
    ["b/two.txt", 2],
    ["link.txt", 1],
  ]);
});

test("a file is itself", async () => {
  const path = join(folder, "data/a.txt");
  expect(await localTree(path)).toEqual({ kind: "file", files: [{ path, name: "a.txt", size: 1 }] });
});

test("what is not there is named", async () => {
  await expect(localTree(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
