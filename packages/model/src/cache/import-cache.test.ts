import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32c } from "@node-rs/crc32";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MANIFEST_FILE } from "./entry.ts";
import { ImportCache } from "./import-cache.ts";

interface Note {
  readonly made: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-cache-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const key = (index: number) => index.toString(16).padStart(64, "0");
const as = (index: number) => () => key(index);

/** Fills an entry with one file of `bytes` bytes. */
const fill =
  (made: string, bytes = 100) =>
  async (into: string) => {
    const content = Buffer.alloc(bytes, made);
    await writeFile(join(into, "weights.bin"), content);
    return { files: [{ name: "weights.bin", bytes, crc32c: crc32c(content) }], record: { made } };
  };

const open = (maxBytes?: number) => new ImportCache<Note>(folder, maxBytes === undefined ? {} : { maxBytes });
const imports = () => readdir(join(folder, "imports"));

describe("an entry", () => {
  test("is found again with its record and files, and nothing else is left in the folder", async () => {
    const cache = open();
    expect(await cache.find(key(1))).toBeNull();
    const added = await cache.add(as(1), fill("one"));
    const found = await open().find(key(1));
    expect(found).toEqual(added);
    expect(found?.record).toEqual({ made: "one" });
    expect(await readFile(join(found?.folder ?? "", "weights.bin"), "utf8")).toMatch(/^oneone/);
    expect(await imports()).toEqual([key(1)]);
    expect(await cache.isIntact(added)).toBe(true);
  });

  test("leaves nothing behind when filling it fails", async () => {
    const cache = open();
    const failing = cache.add(as(1), async (into) => {
      await writeFile(join(into, "weights.bin"), "half");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(await imports()).toEqual([]);
    expect(await cache.find(key(1))).toBeNull();
  });

  test.each([
    ["a shorter file", (at: string) => truncate(join(at, "weights.bin"), 99)],
    ["a missing file", (at: string) => rm(join(at, "weights.bin"))],
    ["a manifest cut short", (at: string) => truncate(join(at, MANIFEST_FILE), 40)],
    ["an empty manifest", (at: string) => truncate(join(at, MANIFEST_FILE), 0)],
    [
      "a manifest without files",
      (at: string) => writeFile(join(at, MANIFEST_FILE), '{"checksum":1,"record":{}}'),
    ],
    ["a missing manifest", (at: string) => rm(join(at, MANIFEST_FILE))],
    [
      "a record that was edited",
      async (at: string) => {
        const text = await readFile(join(at, MANIFEST_FILE), "utf8");
        await writeFile(join(at, MANIFEST_FILE), text.replace('"one"', '"two"'));
      },
    ],
  ])("with %s is gone, and can be added again", async (_, damage) => {
    const cache = open();
    const { folder: at } = await cache.add(as(1), fill("one"));
    await damage(at);
    expect(await cache.find(key(1))).toBeNull();
    expect(await imports()).toEqual([]);
    expect((await cache.add(as(1), fill("again"))).record).toEqual({ made: "again" });
  });

  test("whose file changed without changing its size is not intact", async () => {
    const cache = open();
    const entry = await cache.add(as(1), fill("one"));
    const content = await readFile(join(entry.folder, "weights.bin"));
    content[50]! ^= 1;
    await writeFile(join(entry.folder, "weights.bin"), content);
    expect(await cache.find(key(1))).not.toBeNull();
    expect(await cache.isIntact(entry)).toBe(false);
    await rm(join(entry.folder, "weights.bin"));
    expect(await cache.isIntact(entry)).toBe(false);
  });

  test("that was damaged gives way to a whole one that is added without looking first", async () => {
    const cache = open();
    const { folder: at } = await cache.add(as(1), fill("one"));
    await truncate(join(at, "weights.bin"), 1);
    expect((await cache.add(as(1), fill("two"))).record).toEqual({ made: "two" });
    expect((await cache.find(key(1)))?.record).toEqual({ made: "two" });
  });
});

describe("the size limit", () => {
  /** Sets when an entry was used last, in seconds since the epoch. */
  const usedAt = async (at: string, seconds: number) =>
    await utimes(join(at, MANIFEST_FILE), seconds, seconds);

  test("removes the entries not used for longest, and never the newest", async () => {
    const cache = open(3500);
    for (const index of [1, 2, 3]) {
      const { folder: at } = await cache.add(as(index), fill(`${index}`, 1000));
      await usedAt(at, 1000 * index);
    }
    expect((await cache.list()).map((entry) => entry.key)).toEqual([key(3), key(2), key(1)]);
    await cache.find(key(1));
    await cache.add(as(4), fill("4", 1000));
    expect((await cache.list()).map((entry) => entry.key).sort()).toEqual([key(1), key(3), key(4)]);
    await cache.add(as(5), fill("5", 100_000));
    expect((await cache.list()).map((entry) => entry.key)).toEqual([key(5)]);
  });

  test("counts notes that others keep in an entry", async () => {
    const cache = open(3000);
    const { folder: at } = await cache.add(as(1), fill("1", 1000));
    await writeFile(join(at, "notes.json"), Buffer.alloc(1500));
    await usedAt(at, 1000);
    await cache.add(as(2), fill("2", 1000));
    expect((await cache.list()).map((entry) => entry.key)).toEqual([key(2)]);
  });
});

test("what a killed writer left is removed after a day, and at once when the cache is cleared", async () => {
  const cache = open();
  for (const name of [".new-old", ".old-old", ".new-fresh"]) {
    await mkdir(join(folder, "imports", name), { recursive: true });
    await writeFile(join(folder, "imports", name, "weights.bin"), "half");
  }
  const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
  for (const name of [".new-old", ".old-old"])
    await utimes(join(folder, "imports", name), yesterday, yesterday);
  await cache.add(as(1), fill("1"));
  expect((await imports()).sort()).toEqual([".new-fresh", key(1)]);
  expect(await cache.clear()).toMatchObject([{ key: key(1) }]);
  expect(await imports()).toEqual([]);
});

test("a folder that cannot be made is CACHE_UNUSABLE, by name", async () => {
  await writeFile(join(folder, "imports"), "a file");
  await expect(open().add(as(1), fill("1"))).rejects.toMatchObject({
    code: "CACHE_UNUSABLE",
    message: expect.stringContaining(folder),
  });
});

test("processes that add the same key at once all get one whole entry", async () => {
  const modules = new URL("../../dist/cache/import-cache.js", import.meta.url).href;
  const program = `
    import { randomBytes } from "node:crypto";
    import { readFile, writeFile } from "node:fs/promises";
    import { createRequire } from "node:module";
    import { ImportCache } from ${JSON.stringify(modules)};
    const { crc32c } = createRequire(${JSON.stringify(modules)})("@node-rs/crc32");
    const cache = new ImportCache(${JSON.stringify(folder)});
    const seen = new Set();
    for (let round = 0; round < 15; round++) {
      const key = round.toString(16).padStart(64, "0");
      const entry = (await cache.find(key)) ?? (await cache.add(() => key, async (into) => {
        const content = randomBytes(200_000);
        await writeFile(into + "/weights.bin", content);
        return { files: [{ name: "weights.bin", bytes: content.length, crc32c: crc32c(content) }], record: crc32c(content) };
      }));
      if (!(await cache.isIntact(entry))) throw new Error("damaged in round " + round);
      if (crc32c(await readFile(entry.folder + "/weights.bin")) !== entry.record) throw new Error("mixed in round " + round);
      seen.add(entry.record);
    }
    console.log([...seen].join());`;
  const run = promisify(execFile);
  const results = await Promise.all(
    Array.from({ length: 4 }, () =>
      run(process.execPath, ["--input-type=module", "-e", program], {
        cwd: fileURLToPath(new URL("../..", import.meta.url)),
      }),
    ),
  );
  const said = new Set(results.map(({ stdout }) => stdout));
  expect([...said][0]?.split(",")).toHaveLength(15);
  expect(said.size).toBe(1);
  expect(await imports()).toHaveLength(15);
});
