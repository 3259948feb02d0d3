import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareKeys } from "../key-order.ts";
import { FolderStore } from "./folder-store.ts";

interface Listed {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
}

/** S3's list, said plainly. */
function plainList(keys: readonly string[], prefix: string, delimiter: string): Listed {
  const matching = keys.filter((key) => key.startsWith(prefix)).sort(compareKeys);
  const groupOf = (key: string): string | null => {
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? null : key.slice(0, at + delimiter.length);
  };
  return {
    keys: matching.filter((key) => groupOf(key) === null),
    commonPrefixes: [...new Set(matching.flatMap((key) => groupOf(key) ?? []))],
  };
}

test("pages of any size join to what S3 lists, for any keys, prefix and delimiter", async () => {
  const letters = fc.constantFrom("a", "b", "/", "/", ".", "-", "%~", "\u{10000}", "\uffff", "n".repeat(250));
  const text = (maxLength: number) => fc.array(letters, { maxLength }).map((pieces) => pieces.join(""));
  const key = text(5).filter((candidate) => candidate !== "" && Buffer.byteLength(candidate) <= 1024);
  const root = await mkdtemp(join(tmpdir(), "fieldmark-list-"));
  await using store = await FolderStore.open(root);
  let bucketNumber = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
        fc.array(
          fc.record({
            prefix: text(2),
            delimiter: fc.constantFrom("", "/", "/", "a", "b/"),
            maxKeys: fc.integer({ min: 1, max: 5 }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async (keys, queries) => {
          const bucket = `list-${bucketNumber++}`;
          await store.createBucket(bucket);
          await Promise.all(keys.map((one) => store.put({ bucket, key: one }, bytes(one))));
          for (const { prefix, delimiter, maxKeys } of queries) {
            const found = { keys: [] as string[], commonPrefixes: [] as string[] };
            for (let startAfter: string | null = ""; startAfter !== null; ) {
              const page: Awaited<ReturnType<FolderStore["listPage"]>> = await store.listPage(bucket, {
                prefix,
                delimiter,
                maxKeys,
                startAfter,
              });
              expect(page.objects.length + page.commonPrefixes.length).toBeLessThanOrEqual(maxKeys);
              found.keys.push(...page.objects.map((object) => object.key));
              found.commonPrefixes.push(...page.commonPrefixes);
              startAfter = page.next;
            }
            expect(found).toEqual(plainList(keys, prefix, delimiter));
          }
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test("a file put into the bucket's folder by hand is an object; folders and links are not", async () => {
  const root = await mkdtemp(join(tmpdir(), "fieldmark-list-"));
  await using store = await FolderStore.open(root);
  await store.createBucket("birds");
  await mkdir(join(root, "buckets/birds/empty/deep"), { recursive: true });
  await mkdir(join(root, "buckets/birds/by-hand"));
  await writeFile(join(root, "buckets/birds/by-hand/note.txt"), "hello");
  const page = await store.listPage("birds", { delimiter: "/" });
  expect(page).toMatchObject({ objects: [], commonPrefixes: ["by-hand/"], next: null });
  expect(await store.head({ bucket: "birds", key: "by-hand/note.txt" })).toMatchObject({
    size: 5,
    etag: "5d41402abc4b2a76b9719d911017c592",
    attributes: {},
  });
  // Its owner could still write it: a job would get a copy.
  expect(await store.link({ bucket: "birds", key: "by-hand/note.txt" }, join(root, "linked"))).toBe(false);
  await store.setTags({ bucket: "birds", key: "by-hand/note.txt" }, [{ key: "k", value: "v" }]);
  expect((await store.head({ bucket: "birds", key: "by-hand/note.txt" }))?.attributes.tags).toHaveLength(1);
  await rm(root, { recursive: true });
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
