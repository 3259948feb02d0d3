import { lstat, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Download } from "../jobs/run-plan.ts";
import { layout } from "./layout.ts";
import { parseManifest } from "./manifest.ts";
import { shard } from "./shard.ts";
import { download, type Fixture, openFixture, planOf, upload } from "./transfer.test.kit.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await openFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function staged(downloads: readonly Download[], hosts = 1): Promise<string[][]> {
  const folders = await fixture.folders(hosts);
  await fixture.transfer.stage(planOf({ downloads }), folders, never);
  return await Promise.all(folders.map(({ ml }) => filesBelow(join(ml, "processing"))));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .map(
      (entry) =>
        `${join(entry.parentPath, entry.name).slice(folder.length + 1)}${entry.isDirectory() ? "/" : ""}`,
    )
    .sort();
}

describe("S3Prefix", () => {
  beforeEach(async () => {
    for (const key of ["x", "x/a", "x/d/b", "x2", "other/c"]) await fixture.put(key);
  });

  test.each([
    { uri: "s3://bkt/x", files: ["in/", "in/a", "in/d/", "in/d/b", "in/x"] },
    { uri: "s3://bkt/x/", files: ["in/", "in/a", "in/d/", "in/d/b"] },
    { uri: "s3://bkt/x/a", files: ["in/", "in/a"] },
    { uri: "s3://bkt/other", files: ["in/", "in/c"] },
  ])("$uri", async ({ uri, files }) => {
    expect(await staged([download(uri)])).toEqual([files]);
  });

  test.each(["s3://bkt/nothing", "s3://bkt/othe", "s3://absent/x"])(
    "%s matches nothing, and says so",
    async (uri) => {
      await expect(staged([download(uri)])).rejects.toMatchObject({
        code: "INPUT_NOT_FOUND",
        message: expect.stringContaining(uri),
      });
    },
  );

  test("a whole bucket, where an object and a folder of the same name collide", async () => {
    await expect(staged([download("s3://bkt")])).rejects.toMatchObject({
      code: "INPUT_KEY",
      message: expect.stringContaining('"x"'),
    });
    await fixture.store.delete({ bucket: "bkt", key: "x" });
    expect((await staged([download("s3://bkt/")]))[0]).toContain("in/other/c");
  });

  test("is a link, so that the object's bytes are there once", async () => {
    await staged([download("s3://bkt/other")]);
    expect((await stat(join(fixture.root, "job/algo-1/ml/processing/in/c"))).nlink).toBe(2);
  });

  test("nested LocalPaths work in any order; where two inputs give one file the later one has it", async () => {
    await fixture.put("y/d", "from y");
    const outer = download("s3://bkt/x/", { localPath: "/opt/ml/processing/in" });
    const inner = download("s3://bkt/other", { localPath: "/opt/ml/processing/in/d" });
    const both = ["in/", "in/a", "in/d/", "in/d/b", "in/d/c"];
    expect(await staged([outer, inner])).toEqual([both]);
    expect(await staged([inner, outer])).toEqual([both]);
    await fixture.put("z/c", "from z");
    await staged([inner, download("s3://bkt/z", { localPath: inner.localPath })]);
    expect(await readFile(join(fixture.root, "job/algo-1/ml/processing/in/d/c"), "utf8")).toBe("from z");
    // A file of one where the other needs a folder: refused, and the object's inode left alone.
    await expect(
      staged([
        download("s3://bkt/x/a"),
        download("s3://bkt/other", { localPath: "/opt/ml/processing/in/a" }),
      ]),
    ).rejects.toMatchObject({ code: "INPUT_KEY" });
  });

  test("staging again after a crash gives the same", async () => {
    const first = await staged([download("s3://bkt/x")]);
    expect(await staged([download("s3://bkt/x")])).toEqual(first);
  });

  test("stops when it is told to", async () => {
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(
      fixture.transfer.stage(
        planOf({ downloads: [download("s3://bkt/x")] }),
        await fixture.folders(1),
        stopped,
      ),
    ).rejects.toThrow("stopped");
  });

  test("a store without links gets copies", async () => {
    await using remote = await openFixture((store) => ({
      list: store.list.bind(store),
      head: store.head.bind(store),
      get: store.get.bind(store),
      put: store.put.bind(store),
      delete: store.delete.bind(store),
    }));
    await remote.put("k/a", "body");
    const [folder] = await remote.folders(1);
    const plan = planOf({ downloads: [download("s3://bkt/k")] });
    for (let run = 0; run < 2; run++) await remote.transfer.stage(plan, [folder!], never);
    const file = join(folder!.ml, "processing/in/a");
    expect(await readFile(file, "utf8")).toBe("body");
    expect((await stat(file)).nlink).toBe(1);
  });

  test("where links are not safe there are copies", async () => {
    const [folder] = await fixture.folders(1);
    const guarded = { ...folder!, copyBelow: ["/opt/ml/processing/in/d"] };
    await fixture.transfer.stage(planOf({ downloads: [download("s3://bkt/x/")] }), [guarded], never);
    const links = async (path: string) => (await stat(join(guarded.ml, "processing/in", path))).nlink;
    expect([await links("a"), await links("d/b")]).toEqual([2, 1]);
  });

  test("folders of outputs exist, and markers become folders", async () => {
    await fixture.put("m/empty/", "");
    await fixture.put("m/file");
    const folders = await fixture.folders(1);
    await fixture.transfer.stage(
      planOf({
        downloads: [download("s3://bkt/m")],
        uploads: [upload({ localPath: "/opt/ml/processing/a/b" })],
      }),
      folders,
      never,
    );
    expect(await filesBelow(join(folders[0]!.ml, "processing"))).toEqual([
      "a/",
      "a/b/",
      "in/",
      "in/empty/",
      "in/file",
    ]);
    await fixture.store.delete({ bucket: "bkt", key: "m/file" });
    await expect(staged([download("s3://bkt/m")])).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});

describe("manifest files", () => {
  const manifest = download("s3://bkt/list.json", { s3DataType: "ManifestFile" });

  test("name objects by a prefix", async () => {
    await fixture.put("data/one");
    await fixture.put("data/sub/two");
    await fixture.put("list.json", '[{"prefix": "s3://bkt/data/"}, "sub/two", "one", "one"]');
    expect(await staged([manifest])).toEqual([["in/", "in/one", "in/sub/", "in/sub/two"]]);
  });

  test.each([
    { text: "{", code: "INPUT_MANIFEST" },
    { text: '{"prefix": "s3://bkt/"}', code: "INPUT_MANIFEST" },
    { text: "[]", code: "INPUT_MANIFEST" },
    { text: '["a"]', code: "INPUT_MANIFEST" },
    { text: '[{"prefix": "b/"}, "a"]', code: "INPUT_MANIFEST" },
    { text: '[{"prefix": "s3://bkt/"}, 1]', code: "INPUT_MANIFEST" },
    { text: '[{"prefix": "s3://bkt/"}]', code: "INPUT_NOT_FOUND" },
    { text: null, code: "INPUT_NOT_FOUND" },
  ])("$text is $code, with the URI", async ({ text, code }) => {
    if (text !== null) await fixture.put("list.json", text);
    await expect(staged([manifest])).rejects.toMatchObject({
      code,
      message: expect.stringContaining("s3://bkt/list.json"),
    });
  });

  test("an object that is not there is named", async () => {
    await fixture.put("list.json", '[{"prefix": "s3://bkt/data/"}, "gone"]');
    await expect(staged([manifest])).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringContaining("s3://bkt/data/gone"),
    });
  });

  test("whatever the bytes, they are objects or INPUT_MANIFEST", () => {
    const nearly = fc.json().map((json) => Buffer.from(`[{"prefix":"s3://bkt/"},${json}]`));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          nearly,
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          try {
            for (const object of parseManifest(bytes, "s3://bkt/m")) expect(typeof object.key).toBe("string");
          } catch (error) {
            expect(error).toBeInstanceOf(FieldmarkError);
            expect(error).toMatchObject({ code: "INPUT_MANIFEST" });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("sharding", () => {
  test("gives every object to exactly one host, in order, in shares that differ by one at most", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (keys, hosts) => {
          const shares = Array.from({ length: hosts }, (_, host) => shard(keys, host, hosts));
          expect(shares.flat().toSorted()).toEqual(keys.toSorted());
          const sizes = shares.map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          for (const share of shares) expect(share).toEqual(keys.filter((key) => share.includes(key)));
        },
      ),
    );
  });

  test("is by key across hosts", async () => {
    for (const key of ["s/3", "s/1", "s/2", "s/5", "s/4", "s/m/"]) await fixture.put(key);
    const sharded = download("s3://bkt/s", { s3DataDistributionType: "ShardedByS3Key" });
    expect(await staged([sharded], 2)).toEqual([
      ["in/", "in/1", "in/3", "in/5", "in/m/"],
      ["in/", "in/2", "in/4", "in/m/"],
    ]);
  });
});

describe("keys that cannot be files", () => {
  test.each(["../out", "a/../../out", "/etc/passwd", "a//b", ".", "a/./b", "n\0ul", `${"l".repeat(256)}`])(
    "%j is refused by name",
    (path) => {
      expect(() => layout([{ bucket: "bkt", key: `p/${path}`, path }])).toThrow(
        expect.objectContaining({
          code: "INPUT_KEY",
          message: expect.stringContaining(JSON.stringify(`p/${path}`)),
        }),
      );
    },
  );

  test("no key leaves the folder, no file is a folder, each file's folder is made before it", () => {
    const segment = fc.constantFrom("a", "b", "..", ".", "", "c c", "é");
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
    fc.assert(
      fc.property(
        fc.uniqueArray(
          path.filter((text) => text !== ""),
          { maxLength: 6 },
        ),
        (paths) => {
          try {
            const { folders, files } = layout(
              paths.map((each) => ({ bucket: "bkt", key: each, path: each })),
            );
            const made = new Set([""]);
            for (const folder of folders) {
              expect(made).toContain(folder.split("/").slice(0, -1).join("/"));
              made.add(folder);
            }
            for (const file of files) {
              expect(join("/root", file.path)).toBe(`/root/${file.path}`);
              expect(made).toContain(file.path.split("/").slice(0, -1).join("/"));
              expect(made).not.toContain(file.path);
            }
          } catch (error) {
            if (!(error instanceof FieldmarkError)) throw error;
            expect(error.code).toBe("INPUT_KEY");
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("one object at the store's hands cannot be reached through a file in its folder's place", async () => {
    await fixture.put("f/a");
    const [folder] = await fixture.folders(1);
    await mkdir(join(folder!.ml, "processing/in"), { recursive: true });
    await writeFile(join(folder!.ml, "processing/in/a"), "left by a crash");
    await fixture.transfer.stage(planOf({ downloads: [download("s3://bkt/f")] }), [folder!], never);
    expect((await lstat(join(folder!.ml, "processing/in/a"))).nlink).toBe(2);
  });
});
