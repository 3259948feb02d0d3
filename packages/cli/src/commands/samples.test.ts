import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleModelPath } from "@fieldmark/samples";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runWords } from "./run-words.test-support.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-cli-samples-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

const fieldmark = (...words: string[]) => runWords(words, { cwd: folder, env: {} });

test("samples render writes the lab's layout; --json says what, progress goes to stderr", async () => {
  const { code, stdout, stderr } = await fieldmark(
    "samples",
    "render",
    "--output",
    "birds",
    "--per-class",
    "1",
    "--json",
  );
  expect(code).toBe(0);
  const written = JSON.parse(stdout);
  expect(written).toMatchObject({ output: join(folder, "birds"), seed: 1, images: 8, splits: { test: 8 } });
  expect(stderr).toContain("8/8 birds");
  expect(await readdir(join(folder, "birds", "test"))).toEqual(written.classes);
  expect((await readFile(join(folder, "birds/manifest/test.csv"), "utf8")).split("\n")).toHaveLength(10);
});

test("another seed gives other birds; --quiet says one line", async () => {
  const first = await fieldmark("samples", "render", "--output", "one", "--per-class", "1", "--quiet");
  expect(first).toEqual({ code: 0, stdout: "one: 8 pictures of 8 species, seed 1\n", stderr: "" });
  await fieldmark("samples", "render", "--output", "two", "--per-class", "1", "--seed", "2", "--quiet");
  const bird = async (name: string) =>
    await readFile(join(folder, name, "test/017.Cardinal/Cardinal_000000.jpg"));
  expect((await bird("one")).equals(await bird("two"))).toBe(false);
});

test("a folder that holds something is not touched without --replace", async () => {
  await fieldmark("samples", "render", "--output", "birds", "--per-class", "1", "--quiet");
  const again = await fieldmark("samples", "render", "--output", "birds", "--per-class", "1", "--quiet");
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain("exists and is not empty");
  expect(
    (await fieldmark("samples", "render", "--output", "birds", "--per-class", "1", "--quiet", "--replace"))
      .code,
  ).toBe(0);
});

test.each([
  { words: ["render"], message: "--output" },
  { words: ["render", "--output", "x", "--per-class", "0"], message: "Expected an integer from 1 to 10000" },
  { words: ["render", "--output", "x", "--split", "half"], message: "Allowed choices are test, all" },
])("samples $words is a usage error", async ({ words, message }) => {
  const { code, stderr } = await fieldmark("samples", ...words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test("samples model prints where the sample model is", async () => {
  expect(await fieldmark("samples", "model")).toEqual({
    code: 0,
    stdout: `${sampleModelPath()}\n`,
    stderr: "",
  });
  expect((await readFile(sampleModelPath())).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
});
