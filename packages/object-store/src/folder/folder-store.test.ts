import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FolderStore } from "./folder-store.ts";

const bytes = async function* (...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
};

test("a put object is there, whole", async () => {
  const root = await mkdtemp(join(tmpdir(), "fieldmark-store-"));
  await using store = await FolderStore.open(root);
  expect(await store.createBucket("birds")).toBe("created");
  expect(await store.createBucket("birds")).toBe("exists");
  const ref = { bucket: "birds", key: "a/b" };
  await store.put(ref, bytes("hello", " ", "world"), { contentType: "text/plain" });
  await store.put({ bucket: "birds", key: "a" }, bytes("1"));
  await store.put({ bucket: "birds", key: "a/b/c" }, bytes("2"));
  const text = Buffer.concat(await (await store.get(ref)).toArray()).toString();
  expect(text).toBe("hello world");
  expect((await store.head(ref))?.attributes.contentType).toBe("text/plain");
  expect((await store.listPage("birds")).objects.map(({ key }) => key)).toEqual(["a", "a/b", "a/b/c"]);
  expect((await store.listPage("birds", { delimiter: "/" })).commonPrefixes).toEqual(["a/"]);
  for (const key of ["a", "a/b", "a/b/c"]) await store.delete({ bucket: "birds", key });
  await store.deleteBucket("birds");
  await rm(root, { recursive: true });
});
