import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { compareKeys } from "../key-order.ts";
import type { ObjectStore } from "../object-store.ts";

/** A store with one empty bucket. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly bucket: string;
}

/** Every ObjectStore must pass these: a folder, memory, an S3 endpoint. */
export function objectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: contract of ObjectStore`, () => {
    let opened: StoreUnderTest | null = null;
    const begin = async (): Promise<StoreUnderTest> => {
      opened = await open();
      return opened;
    };
    afterEach(async () => {
      await opened?.[Symbol.asyncDispose]();
      opened = null;
    });

    test.each([0, 1, 65_536, 7_000_001])(
      "a body of %i bytes comes back with its md5 as etag",
      async (size) => {
        const { store, bucket } = await begin();
        const body = randomBytes(size);
        const ref = { bucket, key: "photos/one.jpg" };
        const put = await store.put(ref, chunks(body));
        expect(put).toMatchObject({ key: ref.key, size, etag: createHash("md5").update(body).digest("hex") });
        expect(await store.head(ref)).toMatchObject({ key: ref.key, size, etag: put.etag });
        expect((await contentOf(store, ref)).equals(body)).toBe(true);
      },
    );

    test("a second put replaces the first", async () => {
      const { store, bucket } = await begin();
      const ref = { bucket, key: "a" };
      await store.put(ref, chunks(Buffer.from("first")));
      await store.put(ref, chunks(Buffer.from("second, longer")));
      expect((await contentOf(store, ref)).toString()).toBe("second, longer");
      expect((await store.list(bucket, "")).objects).toHaveLength(1);
    });

    test("a put whose body fails leaves what was there", async () => {
      const { store, bucket } = await begin();
      const ref = { bucket, key: "a" };
      await store.put(ref, chunks(Buffer.from("whole")));
      await expect(store.put(ref, brokenBody())).rejects.toThrow("the client went away");
      await expect(store.put({ bucket, key: "b" }, brokenBody())).rejects.toThrow("the client went away");
      expect((await contentOf(store, ref)).toString()).toBe("whole");
      expect((await store.list(bucket, "")).objects.map(({ key }) => key)).toEqual(["a"]);
    });

    test("what is absent: head says null, get throws, delete does nothing", async () => {
      const { store, bucket } = await begin();
      const ref = { bucket, key: "absent" };
      expect(await store.head(ref)).toBeNull();
      await expect(store.get(ref)).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
      await store.delete(ref);
    });

    test("an absent bucket is an error of its own", async () => {
      const { store } = await begin();
      const ref = { bucket: "no-such-bucket-here", key: "a" };
      await expect(store.list(ref.bucket, "")).rejects.toMatchObject({ code: "BUCKET_NOT_FOUND" });
      await expect(store.get(ref)).rejects.toMatchObject({ code: "BUCKET_NOT_FOUND" });
      await expect(store.put(ref, chunks(Buffer.from("x")))).rejects.toMatchObject({
        code: "BUCKET_NOT_FOUND",
      });
    });

    test("keys that hinder each other on a disk live side by side", async () => {
      const { store, bucket } = await begin();
      const keys = [
        "a",
        "a/",
        "a//b",
        "a/b",
        "a/b/c",
        "a.b",
        "a/..",
        "a/./b",
        "../x",
        "/lead",
        "%~o",
        "A",
        "x/",
      ];
      for (const key of keys) await store.put({ bucket, key }, chunks(Buffer.from(key)));
      for (const key of keys) expect((await contentOf(store, { bucket, key })).toString()).toBe(key);
      expect((await allKeys(store, bucket, "")).join("\n")).toBe([...keys].sort(compareKeys).join("\n"));
      for (const key of keys) await store.delete({ bucket, key });
      expect(await allKeys(store, bucket, "")).toEqual([]);
    });

    test("a prefix is text, not a folder; startAfter leaves out all up to it", async () => {
      const { store, bucket } = await begin();
      for (const key of ["x", "x/1", "x/2", "x2", "y"])
        await store.put({ bucket, key }, chunks(Buffer.from(key)));
      expect(await allKeys(store, bucket, "x")).toEqual(["x", "x/1", "x/2", "x2"]);
      expect(await allKeys(store, bucket, "x/")).toEqual(["x/1", "x/2"]);
      expect((await store.list(bucket, "x", "x/1")).objects.map(({ key }) => key)).toEqual(["x/2", "x2"]);
    });

    test("pages join to all keys, in the order of their bytes", async () => {
      const { store, bucket } = await begin();
      const keys = Array.from({ length: 1234 }, (_, i) => `p/${(i * 7919) % 1234}${i % 3 ? "" : "/x"}`);
      await inParallel(keys, (key) => store.put({ bucket, key }, chunks(Buffer.from(key))).then(() => {}));
      expect(await allKeys(store, bucket, "p/")).toEqual([...new Set(keys)].sort(compareKeys));
    });

    test("any keys of Unicode: each comes back as its own object, listed in order", async () => {
      const { store, bucket } = await begin();
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(anyKey, { minLength: 1, maxLength: 8 }), async (keys) => {
          for (const key of keys) await store.put({ bucket, key }, chunks(Buffer.from(key)));
          for (const key of keys) expect((await contentOf(store, { bucket, key })).toString()).toBe(key);
          expect(await allKeys(store, bucket, "")).toEqual([...keys].sort(compareKeys));
          for (const key of keys) await store.delete({ bucket, key });
          expect((await store.list(bucket, "")).objects).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });

    test("a body that is being read stays whole while the key is overwritten and deleted", async () => {
      const { store, bucket } = await begin();
      const ref = { bucket, key: "a" };
      const body = randomBytes(4_000_000);
      await store.put(ref, chunks(body));
      const reading = await store.get(ref);
      await store.put(ref, chunks(Buffer.from("other")));
      await store.delete(ref);
      expect(Buffer.concat(await reading.toArray()).equals(body)).toBe(true);
    });
  });
}

/** Keys of at most 1,024 bytes, with all that hinders a path in them. */
export const anyKey = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        "/",
        "a",
        "b",
        ".",
        "..",
        "%~",
        "%~o",
        "%~d",
        "%~c",
        "a/",
        "b/",
        "\n",
        "\\",
        " ",
        "é",
        "e\u0301",
      ),
      fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
      fc.constantFrom("long-".repeat(55), "ü".repeat(130), "\u{1f426}".repeat(64), "\uffff\u{10000}"),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join("").replaceAll("\0", ""))
  .filter((key) => key !== "" && Buffer.byteLength(key) <= 1024);

async function* chunks(body: Buffer): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < body.length; i += 65_536) yield body.subarray(i, i + 65_536);
}

async function* brokenBody(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  throw new Error("the client went away");
}

const contentOf = async (store: ObjectStore, ref: { readonly bucket: string; readonly key: string }) =>
  Buffer.concat(await (await store.get(ref)).toArray());

async function allKeys(store: ObjectStore, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.list(bucket, prefix, after);
    keys.push(...page.objects.map(({ key }) => key));
    if (page.next === null) return keys;
    after = page.next;
  }
}

async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await action(item);
    }),
  );
}
