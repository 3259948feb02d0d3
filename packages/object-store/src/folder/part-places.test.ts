import { createHash, randomBytes } from "node:crypto";
import { cp, lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderStore } from "./folder-store.ts";
import type { Upload, UploadPart } from "./upload-info.ts";

const MIB = 1 << 20;
const ref = { bucket: "birds", key: "a/large" };
let root: string;
let store: FolderStore;
let upload: Upload;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmark-places-"));
  store = await FolderStore.open(root);
  await store.createBucket("birds");
  upload = await store.uploads.create(ref);
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

async function* bytes(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
const put = (number: number, body: Uint8Array): Promise<UploadPart> =>
  store.uploads.putPart(upload, number, { body: bytes(body), size: body.length });

async function content(): Promise<Buffer> {
  return Buffer.concat(await (await store.get(ref)).toArray());
}
const folder = (): string => join(root, "uploads/birds", upload.uploadId);
/** Files of the upload that are no records. */
const bodies = async (): Promise<readonly string[]> =>
  (await readdir(folder())).filter((name) => !name.endsWith(".json"));
const inodeOf = async (path: string): Promise<number> => (await lstat(path)).ino;

async function expectObject(...parts: readonly Uint8Array[]): Promise<void> {
  const whole = Buffer.concat(parts);
  expect((await content()).equals(whole)).toBe(true);
  const md5 = (data: Uint8Array) => createHash("md5").update(data).digest();
  const etag = `${md5(Buffer.concat(parts.map(md5))).toString("hex")}-${parts.length}`;
  expect(await store.head(ref)).toMatchObject({ size: whole.length, etag });
  expect((await lstat(join(root, "buckets/birds/a/large"))).mode & 0o777).toBe(0o444);
  expect(await store.uploads.list("birds")).toEqual([]);
  expect(await readdir(join(root, "temporary"))).toEqual([]);
}

const [A, B, C, D] = [5, 5, 5, 1].map((size) => randomBytes(size * MIB)) as [Buffer, Buffer, Buffer, Buffer];

test("parts of one size in any order are one file, which becomes the object without a copy", async () => {
  const parts = await Promise.all([put(2, B), put(1, A), put(4, D), put(3, C)]);
  expect(await bodies()).toEqual(["object"]);
  const inode = await inodeOf(join(folder(), "object"));
  await store.uploads.complete(
    upload,
    [...parts].sort((a, b) => a.number - b.number),
  );
  await expectObject(A, B, C, D);
  expect(await inodeOf(join(root, "buckets/birds/a/large"))).toBe(inode);
});

test("a part that is replaced is kept apart, and the object has the new one", async () => {
  const [one, , three] = [await put(1, A), await put(2, B), await put(3, D)];
  const two = await put(2, C);
  expect(await bodies()).toHaveLength(2);
  await store.uploads.complete(upload, [one, two, three]);
  await expectObject(A, C, D);
});

test("parts that were not claimed, the last or one between, are not in the object", async () => {
  const [one, two] = [await put(1, A), await put(2, B), await put(3, C)];
  await store.uploads.complete(upload, [one, two]);
  await expectObject(A, B);
  upload = await store.uploads.create(ref);
  const again = [await put(1, A), await put(2, B), await put(3, C)];
  await store.uploads.complete(upload, [again[0], again[2]] as UploadPart[]);
  await expectObject(A, C);
});

test("a larger part behind a smaller one, and gaps between the numbers", async () => {
  const [three, seven] = [await put(3, A), await put(7, Buffer.concat([B, C]))];
  await store.uploads.complete(upload, [three, seven]);
  await expectObject(A, Buffer.concat([B, C]));
});

test("a part that breaks off leaves its place to the next attempt", async () => {
  const breaking = async function* () {
    yield A.subarray(0, MIB);
    throw new Error("the client went away");
  };
  const failed = store.uploads.putPart(upload, 1, { body: breaking(), size: A.length });
  await expect(failed).rejects.toThrow("the client went away");
  const parts = [await put(1, B), await put(2, D)];
  expect(await bodies()).toEqual(["object"]);
  await store.uploads.complete(upload, parts);
  await expectObject(B, D);
});

test("a body of another size than was announced is refused, and its neighbours stay whole", async () => {
  const two = await put(2, B);
  const say = (size: number, body: Buffer) => store.uploads.putPart(upload, 1, { body: bytes(body), size });
  await expect(say(5 * MIB, Buffer.concat([A, D]))).rejects.toThrow(/a body of 5242880 bytes was announced/);
  await expect(say(5 * MIB, D)).rejects.toThrow(/1048576 came/);
  await store.uploads.complete(upload, [await put(1, C), two]);
  await expectObject(C, B);
});

test("who still writes when the upload is completed writes into no object", async () => {
  const parts = [await put(1, A), await put(2, B)];
  let goOn = () => {};
  const waits = new Promise<void>((resolve) => (goOn = resolve));
  const slow = async function* () {
    yield D.subarray(0, 10);
    await waits;
    yield D.subarray(10);
  };
  const late = store.uploads.putPart(upload, 2 + 1, { body: slow(), size: D.length });
  const refused = expect(late).rejects.toMatchObject({ code: "UPLOAD_NOT_FOUND" });
  await store.uploads.complete(upload, parts);
  goOn();
  await refused;
  await expectObject(A, B);
});

test("after a completion that was refused more parts come, and it is completed then", async () => {
  const parts = [await put(1, A), await put(2, B)];
  await store.put(ref, bytes(D));
  const conditions = { ifNoneMatch: "*" };
  await expect(store.uploads.complete(upload, parts, { conditions })).rejects.toMatchObject({
    code: "PRECONDITION_FAILED",
  });
  parts.push(await put(3, C));
  await store.uploads.complete(upload, parts);
  await expectObject(A, B, C);
});

test("parts of before a restart and after it", async () => {
  const before = [await put(1, A), await put(2, B)];
  await store.close();
  store = await FolderStore.open(root);
  const after = await put(3, C);
  await store.uploads.complete(upload, [...before, after]);
  await expectObject(A, B, C);
});

test("an upload that a crash left behind its object is completed again with the same answer", async () => {
  const parts = [await put(1, A), await put(2, D)];
  const kept = join(root, "kept");
  await cp(folder(), kept, { recursive: true });
  await rm(join(kept, "object"));
  const done = await store.uploads.complete(upload, parts);
  await cp(kept, folder(), { recursive: true });
  expect((await store.uploads.complete(upload, parts)).etag).toBe(done.etag);
  await rm(kept, { recursive: true });
  await expectObject(A, D);
});

test("whatever order, sizes, failures and replacements: the object is what was claimed", async () => {
  const sizes = [5 * MIB, 5 * MIB, 5 * MIB + 1, 6 * MIB];
  const step = fc.record({
    number: fc.integer({ min: 1, max: 4 }),
    size: fc.integer({ min: 0, max: sizes.length - 1 }),
    fails: fc.boolean(),
    fill: fc.integer({ min: 1, max: 255 }),
  });
  await store.uploads.abort(upload);
  const steps = fc.array(step, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 15 }), async (all, claimed) => {
      upload = await store.uploads.create(ref);
      const stored = new Map<number, { part: UploadPart; body: Buffer }>();
      for (const { number, size, fails, fill } of all) {
        const body = Buffer.alloc(sizes[size] ?? 0, fill);
        if (fails) {
          const broken = { body: bytes(body.subarray(0, MIB)), size: body.length };
          await expect(store.uploads.putPart(upload, number, broken)).rejects.toThrow();
        } else stored.set(number, { part: await put(number, body), body });
      }
      const chosen = [...stored]
        .filter(([number]) => claimed & (1 << (number - 1)))
        .sort(([a], [b]) => a - b);
      if (chosen.length === 0) {
        await store.uploads.abort(upload);
        return;
      }
      await store.uploads.complete(
        upload,
        chosen.map(([, { part }]) => part),
      );
      await expectObject(...chosen.map(([, { body }]) => body));
    }),
    { numRuns: 25, seed: 5 },
  );
});
