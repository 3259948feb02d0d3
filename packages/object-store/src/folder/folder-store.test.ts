import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { lstat, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderStore } from "./folder-store.ts";
import type { ObjectAttributes } from "./object-info.ts";

let root = "";
let store: FolderStore;
const ref = { bucket: "birds", key: "a/b.txt" };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmark-store-"));
  store = await FolderStore.open(root);
  await store.createBucket("birds");
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

async function* bytes(...chunks: (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}
const contentOf = async (key: string): Promise<string> =>
  Buffer.concat(await (await store.get({ bucket: "birds", key })).toArray()).toString();
const litter = async (): Promise<readonly string[]> => [
  ...(await readdir(join(root, "temporary"))),
  ...(await readdir(join(root, "metadata"), { recursive: true })).filter((name) => name.endsWith(".json")),
];

const ATTRIBUTES: ObjectAttributes = {
  contentType: "text/plain",
  cacheControl: "no-cache",
  userMetadata: { species: "Blue Jay" },
  storageClass: "STANDARD_IA",
  tags: [{ key: "a", value: "ü" }],
  checksums: [{ algorithm: "CRC32", value: "AAAAAA==", type: "FULL_OBJECT" }],
};

test("an object is a plain read-only file, and its attributes come back", async () => {
  await store.put(ref, bytes("hello"), { attributes: ATTRIBUTES });
  const file = await lstat(join(root, "buckets/birds/a/b.txt"));
  expect(file.mode & 0o777).toBe(0o444);
  expect(await readFile(join(root, "buckets/birds/a/b.txt"), "utf8")).toBe("hello");
  expect((await store.head(ref))?.attributes).toEqual(ATTRIBUTES);
});

test("metadata too long for a link's target comes back as well", async () => {
  const userMetadata = { long: "ü".repeat(3000) };
  await store.put(ref, bytes("x"), { attributes: { userMetadata } });
  await store.setTags(ref, [{ key: "k", value: "v" }]);
  expect((await store.head(ref))?.attributes).toEqual({ userMetadata, tags: [{ key: "k", value: "v" }] });
});

test("of 100 writers that each create the key if there is none, exactly one wins", async () => {
  const writers = Array.from({ length: 100 }, (_, i) =>
    store.put(ref, bytes(String(i)), { conditions: { ifNoneMatch: "*" } }),
  );
  const results = await Promise.allSettled(writers);
  const won = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
  expect(won).toHaveLength(1);
  expect(await contentOf(ref.key)).toBe(String(won[0]));
  for (const result of results)
    if (result.status === "rejected") expect(result.reason.code).toBe("PRECONDITION_FAILED");
  expect(await litter()).toHaveLength(1);
});

test("of 50 writers that replace the same version, exactly one wins", async () => {
  const { etag } = await store.put(ref, bytes("first"));
  const writers = Array.from({ length: 50 }, (_, i) =>
    store.put(ref, bytes(String(i)), { conditions: { ifMatch: etag } }),
  );
  const results = await Promise.allSettled(writers);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const absent = store.put({ ...ref, key: "absent" }, bytes("x"), { conditions: { ifMatch: etag } });
  await expect(absent).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
});

test("100 writers of keys that hinder each other all succeed, while others delete there", async () => {
  const key = (i: number): string => Array.from({ length: 1 + (i % 10) }, () => "d").join("/");
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => store.put({ bucket: "birds", key: key(i) }, bytes(key(i)))),
    );
    for (let i = 0; i < 10; i++) expect(await contentOf(key(i))).toBe(key(i));
    await Promise.all(Array.from({ length: 10 }, (_, i) => store.delete({ bucket: "birds", key: key(i) })));
  }
  expect((await store.list("birds", "")).objects).toEqual([]);
  expect(await litter()).toEqual([]);
  await store.deleteBucket("birds");
});

test("readers among writers always find a body with the metadata of exactly that body", async () => {
  const write = async (from: number): Promise<void> => {
    for (let i = from; i < from + 60; i++) {
      await store.put(ref, bytes(`turn ${i}`), { attributes: { userMetadata: { turn: String(i) } } });
    }
  };
  await write(0);
  let writing = true;
  const read = async (): Promise<void> => {
    while (writing) {
      await using object = await store.open(ref);
      if (object === null) throw new Error("the object is gone");
      const body = Buffer.concat(await object.read().toArray()).toString();
      expect(body).toBe(`turn ${object.info.attributes.userMetadata?.turn}`);
      expect((await store.head(ref))?.attributes.userMetadata?.turn).toBeDefined();
      expect((await store.list("birds", "")).objects).toHaveLength(1);
    }
  };
  const readers = [read(), read(), read()];
  await Promise.all([write(1000), write(2000)]).finally(() => {
    writing = false;
  });
  await Promise.all(readers);
});

test("beforeCommit refuses a body before anything is visible, or adds what a trailer said", async () => {
  await store.put(ref, bytes("kept"));
  const refuse = () => {
    throw new Error("bad digest");
  };
  await expect(store.put(ref, bytes("bad"), { beforeCommit: refuse })).rejects.toThrow("bad digest");
  expect(await contentOf(ref.key)).toBe("kept");
  expect(await litter()).toHaveLength(1);
  const checksums = [{ algorithm: "CRC32", value: "AAAAAA==", type: "FULL_OBJECT" as const }];
  const info = await store.put(ref, bytes("good"), {
    contentType: "a/b",
    beforeCommit: () => ({ checksums }),
  });
  expect(info.attributes).toEqual({ contentType: "a/b", checksums });
});

test.each([
  [0, 5, "hello"],
  [6, 5, "world"],
  [10, 1, "d"],
  [3, 0, ""],
])("bytes from %i, %i of them", async (offset, length, expected) => {
  await store.put(ref, bytes("hello world"));
  const object = await store.open(ref);
  expect(Buffer.concat((await object?.read({ offset, length }).toArray()) ?? []).toString()).toBe(expected);
});

test("a copy keeps the attributes or replaces them, and is an object of its own", async () => {
  await store.put(ref, bytes("hello"), { attributes: ATTRIBUTES });
  const target = { bucket: "birds", key: "copy" };
  expect((await store.copy(ref, target)).attributes).toEqual(ATTRIBUTES);
  await store.copy(ref, { bucket: "birds", key: "replaced" }, { attributes: { contentType: "x/y" } });
  await store.copy(ref, ref, { attributes: { contentType: "self/copy" } });
  await store.setTags(target, []);
  await store.delete(ref);
  expect(await contentOf("copy")).toBe("hello");
  expect((await store.head(target))?.attributes.tags).toBeUndefined();
  expect((await store.head({ bucket: "birds", key: "replaced" }))?.attributes).toEqual({
    contentType: "x/y",
  });
  const absent = store.copy({ bucket: "birds", key: "none" }, target);
  await expect(absent).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
});

test("a link is the object itself, and outlives it", async () => {
  await store.put(ref, bytes("hello"));
  const path = join(root, "linked");
  expect(await store.link(ref, path)).toBe(true);
  expect((await lstat(path)).ino).toBe((await lstat(join(root, "buckets/birds/a/b.txt"))).ino);
  await store.put(ref, bytes("other"));
  expect(await readFile(path, "utf8")).toBe("hello");
  await expect(store.link({ bucket: "birds", key: "none" }, join(root, "x"))).rejects.toMatchObject({
    code: "OBJECT_NOT_FOUND",
  });
});

test("a bucket with an object is kept, one with empty folders and unfinished uploads goes", async () => {
  await store.put(ref, bytes("x"));
  await expect(store.deleteBucket("birds")).rejects.toMatchObject({ code: "BUCKET_NOT_EMPTY" });
  await store.delete(ref);
  await store.uploads.create(ref);
  await store.deleteBucket("birds");
  expect(await store.listBuckets()).toEqual([]);
  expect(await store.createBucket("birds")).toBe("created");
  expect(await store.uploads.list("birds")).toEqual([]);
});

test.each(["ab", "Upper", "a..b", "-a-", "192.168.0.1", "xn--a", "a_b", "../up", "a".repeat(64)])(
  "%j is no bucket name",
  async (name) => {
    await expect(store.createBucket(name)).rejects.toMatchObject({ code: "BUCKET_NAME_INVALID" });
    expect(await store.bucketExists(name)).toBe(false);
  },
);

test.each([
  ["", "KEY_INVALID"],
  ["a\0b", "KEY_INVALID"],
  ["lone \ud83d surrogate", "KEY_INVALID"],
  ["k".repeat(1025), "KEY_TOO_LONG"],
])("the key %j is refused", async (key, code) => {
  await expect(store.put({ bucket: "birds", key }, bytes("x"))).rejects.toMatchObject({ code });
});

test.each(["..", ".", "", "../metadata", "a/b"])("a bucket named %j never becomes a path", async (bucket) => {
  await writeFile(join(root, "outside"), "secret");
  const outside = { bucket, key: "outside" };
  const upload = { ...outside, uploadId: "outside" };
  const part = { from: outside, options: {} };
  const mine = await store.uploads.create(ref);
  const calls: readonly (() => Promise<unknown>)[] = [
    () => store.open(outside),
    () => store.get(outside),
    () => store.head(outside),
    () => store.put(outside, bytes("x")),
    () => store.delete(outside),
    () => store.setTags(outside, [{ key: "a", value: "b" }]),
    () => store.link(outside, join(root, "linked")),
    () => store.copy(outside, ref),
    () => store.copy(ref, outside),
    () => store.listPage(bucket),
    () => store.deleteBucket(bucket),
    () => store.uploads.create(outside),
    () => store.uploads.list(bucket),
    () => store.uploads.get(upload),
    () => store.uploads.complete(upload, [{ number: 1, etag: "0" }]),
    () => store.uploads.abort(upload),
    () => store.uploads.copyPart(mine, 1, part),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "BUCKET_NOT_FOUND" });
  expect(await store.bucketExists(bucket)).toBe(false);
  expect(await readFile(join(root, "outside"), "utf8")).toBe("secret");
  expect((await readdir(root)).toSorted()).toEqual([
    "buckets",
    "metadata",
    "outside",
    "temporary",
    "uploads",
  ]);
});

test("the longest keys there are: 1,024 slashes, 1,024 letters", async () => {
  for (const key of ["/".repeat(1024), "k".repeat(1024), "./".repeat(512), "ü".repeat(512)]) {
    await store.put({ bucket: "birds", key }, bytes(key));
    expect(await contentOf(key)).toBe(key);
    expect((await store.list("birds", key)).objects.map((object) => object.key)).toEqual([key]);
    await store.delete({ bucket: "birds", key });
  }
});

test.skipIf(process.platform === "win32")(
  "a backup that keeps times keeps metadata, and stale metadata goes",
  async () => {
    await store.put(ref, bytes("hello"), { attributes: ATTRIBUTES });
    await store.put({ bucket: "birds", key: "gone" }, bytes("x"));
    const restored = join(root, "restored");
    execFileSync("cp", ["-Rp", join(root, "."), `${root}-copy`]);
    await rename(`${root}-copy`, restored);
    await rm(join(restored, "buckets/birds/gone"));
    await using copy = await FolderStore.open(restored);
    await copy.swept();
    expect((await copy.head(ref))?.attributes).toEqual(ATTRIBUTES);
    expect(await copy.head({ bucket: "birds", key: "gone" })).toBeNull();
    expect(await readdir(join(restored, "metadata/birds"))).toHaveLength(1);
  },
);

test("a multipart upload: parts in any order, replaced, listed, made one object at once", async () => {
  const upload = await store.uploads.create(ref, { attributes: { contentType: "x/y" } });
  const first = randomBytes(5 << 20);
  const second = Buffer.from("the rest");
  await store.uploads.putPart(upload, 2, { body: bytes("replaced") });
  const two = await store.uploads.putPart(upload, 2, { body: bytes(second) });
  const one = await store.uploads.putPart(upload, 1, { body: bytes(first) });
  expect((await store.uploads.listParts(upload)).map(({ number, size }) => [number, size])).toEqual([
    [1, first.length],
    [2, 8],
  ]);
  expect(await store.head(ref)).toBeNull();
  // A restart changes nothing.
  await store.close();
  store = await FolderStore.open(root);
  expect(await store.uploads.list("birds")).toMatchObject([{ key: ref.key, uploadId: upload.uploadId }]);
  const done = await store.uploads.complete(upload, [one, two]);
  const md5 = (data: Buffer) => createHash("md5").update(data).digest();
  expect(done.etag).toBe(`${md5(Buffer.concat([md5(first), md5(second)])).toString("hex")}-2`);
  const object = await store.open(ref);
  expect(object?.info).toMatchObject({
    etag: done.etag,
    size: first.length + 8,
    attributes: { contentType: "x/y" },
  });
  expect(object?.info.parts).toMatchObject([
    { number: 1, size: first.length },
    { number: 2, size: 8 },
  ]);
  expect(Buffer.concat((await object?.read().toArray()) ?? []).equals(Buffer.concat([first, second]))).toBe(
    true,
  );
  expect(await store.uploads.list("birds")).toEqual([]);
  // The answer got lost and the client asks again.
  expect((await store.uploads.complete(upload, [one, two])).etag).toBe(done.etag);
  const copied = await store.copy(ref, { bucket: "birds", key: "copy" });
  expect(copied.etag).toBe(md5(Buffer.concat([first, second])).toString("hex"));
});

test("an upload is completed only with its own parts, in order, large enough", async () => {
  const upload = await store.uploads.create(ref);
  const one = await store.uploads.putPart(upload, 1, { body: bytes("small") });
  const two = await store.uploads.putPart(upload, 2, { body: bytes("small") });
  const refused = async (
    claims: Parameters<typeof store.uploads.complete>[1],
    code: string,
  ): Promise<void> => {
    await expect(store.uploads.complete(upload, claims)).rejects.toMatchObject({ code });
  };
  await refused([], "PART_INVALID");
  await refused([{ ...one, etag: "0".repeat(32) }], "PART_INVALID");
  await refused([{ ...one, number: 3 }], "PART_INVALID");
  await refused([two, one], "PART_ORDER_INVALID");
  await refused([one, two], "PART_TOO_SMALL");
  await expect(store.uploads.putPart(upload, 0, { body: bytes("x") })).rejects.toMatchObject({
    code: "PART_INVALID",
  });
  const other = { ...upload, key: "other" };
  await expect(store.uploads.putPart(other, 1, { body: bytes("x") })).rejects.toMatchObject({
    code: "UPLOAD_NOT_FOUND",
  });
  await store.uploads.abort(upload);
  await expect(store.uploads.abort(upload)).rejects.toMatchObject({ code: "UPLOAD_NOT_FOUND" });
  expect(await litter()).toEqual([]);
});

test("a part copied from a range of an object", async () => {
  await store.put(ref, bytes("hello world"));
  const upload = await store.uploads.create({ bucket: "birds", key: "made" });
  const range = { offset: 6, length: 5 };
  const part = await store.uploads.copyPart(upload, 1, { from: ref, range });
  await store.uploads.complete(upload, [part]);
  expect(await contentOf("made")).toBe("world");
  const beyond = store.uploads.copyPart(upload, 1, { from: ref, range: { offset: 6, length: 6 } });
  await expect(beyond).rejects.toMatchObject({ code: "RANGE_INVALID" });
});
