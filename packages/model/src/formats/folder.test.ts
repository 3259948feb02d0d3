import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestFolder, openFolder } from "./folder.ts";
import { digestModel } from "./read-saved-model.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-folder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

test("the digest is over paths, sizes and contents of the files that matter, in order of their paths", async () => {
  await write({
    "1/variables/variables.index": "index",
    "1/saved_model.pb": "model",
    "1/keras_metadata.pb": "hint",
  });
  const expected = createHash("sha256");
  expected.update("1/saved_model.pb\x005\x00model1/variables/variables.index\x005\x00index");
  const { digest, files, names } = await openFolder(folder);
  expect(digest).toBe(`sha256:${expected.digest("hex")}`);
  expect([...files.keys()]).toEqual(["1/saved_model.pb", "1/variables/variables.index"]);
  expect(names).toContain("1/keras_metadata.pb");
  expect(await digestFolder(folder)).toBe(digest);
  expect(await digestModel(folder)).toBe(digest);
});

test("the digest changes with a name and with a byte", async () => {
  await write({ "saved_model.pb": "model", "labels.txt": "a" });
  const first = await digestFolder(folder);
  await write({ "labels.txt": "b" });
  const second = await digestFolder(folder);
  await rm(join(folder, "labels.txt"));
  await write({ "label.txt": "b" });
  expect(new Set([first, second, await digestFolder(folder)]).size).toBe(3);
});

test("a link that stays inside is followed, one that leads out is refused", async () => {
  await write({ "store/blob": "model", "model/readme.md": "" });
  await symlink("../store/blob", join(folder, "model/saved_model.pb"));
  const { files } = await openFolder(folder);
  expect(Buffer.from(files.get("model/saved_model.pb") ?? []).toString()).toBe("model");
  await expect(openFolder(join(folder, "model"))).rejects.toMatchObject({
    code: "ARCHIVE_HAZARD",
    details: { hazard: "symbolic link" },
  });
});

test("a link that leads nowhere or in a circle is no file", async () => {
  await write({ "saved_model.pb": "model" });
  await symlink("nowhere", join(folder, "labels.txt"));
  await symlink(".", join(folder, "assets"));
  expect([...(await openFolder(folder)).files.keys()]).toEqual(["saved_model.pb"]);
});

test("reading leaves the folder as it was", async () => {
  await write({ "saved_model.pb": "model" });
  await openFolder(folder);
  expect(await readdir(folder)).toEqual(["saved_model.pb"]);
  expect(await readFile(join(folder, "saved_model.pb"), "utf8")).toBe("model");
});
