import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aliasFor, readAliases, removeAlias, setAlias } from "./image-aliases.ts";

let data = "";
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "fieldmark-aliases-"));
});
afterEach(async () => await rm(data, { recursive: true }));

test("the newest alias that matches counts; one of the same pattern is replaced", async () => {
  expect(await readAliases(data)).toEqual([]);
  await setAlias(data, { pattern: "*tensorflow*", image: "mine/tf:1" });
  await setAlias(data, { pattern: "*", image: "mine/all:1" });
  expect(aliasFor(await readAliases(data), "x/tensorflow-training:2")?.image).toBe("mine/all:1");
  await setAlias(data, { pattern: "*tensorflow*", image: "mine/tf:2" });
  expect(aliasFor(await readAliases(data), "x/tensorflow-training:2")?.image).toBe("mine/tf:2");
  expect(aliasFor(await readAliases(data), "y")?.image).toBe("mine/all:1");
  await removeAlias(data, "*");
  expect(aliasFor(await readAliases(data), "y")).toBeNull();
  expect(await readdir(data)).toEqual(["images.json"]);
});

test("an alias that is not there cannot be removed", async () => {
  await expect(removeAlias(data, "x")).rejects.toMatchObject({ code: "ALIAS_UNKNOWN" });
});

test.each([
  "{",
  "[]",
  '{"aliases": [{"pattern": "x"}]}',
  '{"aliases": [{"pattern": "", "image": "y"}]}',
  "null",
])("a file with %s is named as broken", async (text) => {
  await writeFile(join(data, "images.json"), text);
  await expect(readAliases(data)).rejects.toMatchObject({ code: "DATA_BROKEN" });
});
