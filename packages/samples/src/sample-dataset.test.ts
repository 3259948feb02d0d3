import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SPECIES_NAMES } from "./render-bird.ts";
import { writeSampleDataset } from "./sample-dataset.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmark-samples-"));
});
afterAll(async () => await rm(root, { recursive: true, force: true }));

test("writes the lab's layout: a folder a class, a CSV a split, every row a JPEG", async () => {
  const output = join(root, "birds");
  const ticks: number[] = [];
  const written = await writeSampleDataset({
    output,
    seed: 4,
    perClass: 2,
    onProgress: ({ done }) => ticks.push(done),
  });
  expect(written).toEqual({ output, seed: 4, images: 16, splits: { test: 16 }, classes: SPECIES_NAMES });
  expect(ticks).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect((await readdir(output)).sort()).toEqual(["manifest", "test"]);
  expect((await readdir(join(output, "test"))).sort()).toEqual(SPECIES_NAMES);

  const [header, ...rows] = (await readFile(join(output, "manifest/test.csv"), "utf8")).trimEnd().split("\n");
  expect(header).toBe("image_file_name,orig_class_id,class_id,class_name");
  expect(rows[2]).toBe("017.Cardinal/Cardinal_000000.jpg,17,2,017.Cardinal");
  expect(rows).toHaveLength(16);
  for (const row of rows) {
    const [file = "", original, id, name] = row.split(",");
    expect(file.startsWith(`${name}/`)).toBe(true);
    expect(Number(original)).toBe(Number(name?.slice(0, 3)));
    expect(SPECIES_NAMES[Number(id) - 1]).toBe(name);
    expect((await readFile(join(output, "test", file))).subarray(0, 3)).toEqual(
      Buffer.from([0xff, 0xd8, 0xff]),
    );
  }
});

test("all splits hold different birds, and the test pictures are those of a test split alone", async () => {
  const [alone, all] = [join(root, "alone"), join(root, "all")];
  await writeSampleDataset({ output: alone, perClass: 1 });
  const written = await writeSampleDataset({ output: all, perClass: 1, split: "all" });
  expect(written.splits).toEqual({ test: 8, valid: 8, train: 24 });
  const pictures = async (folder: string) =>
    await Promise.all(
      (await readdir(folder))
        .sort()
        .map(async (name) => (await readFile(join(folder, name))).toString("base64")),
    );
  for (const name of SPECIES_NAMES)
    expect(await pictures(join(all, "test", name))).toEqual(await pictures(join(alone, "test", name)));
  const cardinals = await Promise.all(
    ["test", "valid", "train"].map(async (split) => await pictures(join(all, split, "017.Cardinal"))),
  );
  expect(new Set(cardinals.flat()).size).toBe(5);
});

test("a folder that holds something is left alone, unless it is to be replaced", async () => {
  const output = join(root, "taken");
  await writeSampleDataset({ output, perClass: 1 });
  await writeFile(join(output, "mine.txt"), "");
  await expect(writeSampleDataset({ output, perClass: 1 })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
  expect(await readdir(output)).toContain("mine.txt");
  await writeSampleDataset({ output, perClass: 1, replace: true });
  expect(await readdir(output)).not.toContain("mine.txt");
});

test("an aborted run leaves nothing behind", async () => {
  const folder = join(root, "aborted");
  const controller = new AbortController();
  const run = writeSampleDataset({
    output: join(folder, "birds"),
    perClass: 3,
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done === 3) controller.abort();
    },
  });
  await expect(run).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(await readdir(folder)).toEqual([]);
});

test.each([0, -1, 1.5, 10_001, Number.NaN])("refuses %s pictures of each species", async (perClass) => {
  await expect(writeSampleDataset({ output: join(root, "never"), perClass })).rejects.toMatchObject({
    code: "USAGE",
  });
});
