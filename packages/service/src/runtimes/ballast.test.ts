import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Ballast } from "./ballast.ts";

const MIB = 2 ** 20;
let folder: string;
let ballast: Ballast;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-ballast-"));
  ballast = new Ballast(join(folder, "ballast"));
});
afterEach(async () => await rm(folder, { recursive: true }));

test.each([
  ["8 MiB of a large disk", 1_000_000 * MIB, 8 * MIB],
  ["a sixteenth of a small one", 32 * MIB, 2 * MIB],
])("takes %s, and gives it back", async (_, size, bytes) => {
  await ballast.keep({ free: size, size });
  const { blocks } = await stat(join(folder, "ballast"));
  expect(blocks * 512).toBeGreaterThanOrEqual(bytes);
  expect(blocks * 512).toBeLessThan(2 * bytes);
  await ballast.release();
  expect(await readdir(folder)).toEqual([]);
});

test("takes nothing of a disk that is nearly full, until there is room", async () => {
  await ballast.keep({ free: MIB, size: 32 * MIB });
  expect(await readdir(folder)).toEqual([]);
  await ballast.keep({ free: 16 * MIB, size: 32 * MIB });
  expect(await readdir(folder)).toEqual(["ballast"]);
});
