import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preprocessing } from "@fieldmark/imaging";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Example } from "../dataset/dataset.ts";
import { CollectedPredictions } from "./collected.ts";
import { failure } from "./made-predictions.test.support.ts";
import { PartialFile, type RunIdentity } from "./partial-file.ts";

const SIZE = { height: 224, width: 224 };
const NAMES = ["Jay", "Finch"];
const RUN: RunIdentity = {
  modelDigest: "sha256:m",
  outputName: "output",
  preprocessing: preprocessing("mobilenet_v2", SIZE),
  annotationsDigest: "sha256:d",
  share: "1/1",
};

let folder: string;
let rows: string;
let examples: readonly Example[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-partial-"));
  rows = join(folder, "predictions.partial.csv");
  examples = ["a.jpg", "b, c.jpg", "d\ne.jpg"].map((imageFileName, label) => ({
    imageFileName,
    path: join(folder, `${label}`),
    label: label % 2,
  }));
  for (const { path, imageFileName } of examples) await writeFile(path, `the bytes of ${imageFileName}`);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function sha256(row: number): string {
  return createHash("sha256").update(`the bytes of ${examples[row]?.imageFileName}`).digest("hex");
}

/** A run that is cut off after the rows. */
async function interrupted(done: readonly number[]): Promise<CollectedPredictions> {
  const collected = new CollectedPredictions(examples, NAMES);
  await using partial = await PartialFile.create(join(folder, "predictions"), RUN, NAMES.length);
  for (const row of done) {
    collected.add({
      rows: [row],
      sha256: [sha256(row)],
      probabilities: Float32Array.of(0.1 + row / 7, 0.9 - row / 7),
      millisecondsPerImage: 1.5,
    });
    await partial.append(collected, [row]);
  }
  return collected;
}

async function resume(identity = RUN): Promise<CollectedPredictions> {
  const collected = new CollectedPredictions(examples, NAMES);
  await using _ = await PartialFile.resume(join(folder, "predictions"), identity, {
    examples,
    classNames: NAMES,
    collected,
  });
  return collected;
}

test("the rows of an interrupted run come back to the last bit, whatever their order", async () => {
  const before = await interrupted([2, 0]);
  const after = await resume();
  expect(after.count).toBe(2);
  expect(after.has(1)).toBe(false);
  expect(after.predictions()).toEqual(before.predictions());
});

test("a resumed run goes on in the same file", async () => {
  await interrupted([0]);
  const collected = new CollectedPredictions(examples, NAMES);
  {
    await using partial = await PartialFile.resume(join(folder, "predictions"), RUN, {
      examples,
      classNames: NAMES,
      collected,
    });
    collected.add({
      rows: [1],
      sha256: [sha256(1)],
      probabilities: Float32Array.of(0, 1),
      millisecondsPerImage: 2,
    });
    await partial.append(collected, [1]);
  }
  expect((await resume()).predictions().imageFileNames).toEqual(["a.jpg", "b, c.jpg"]);
});

test("a row that a kill cut short is dropped, wherever the cut is", async () => {
  await interrupted([0, 1]);
  const whole = await readFile(rows);
  const header = whole.indexOf("\n") + 1;
  const first = whole.indexOf("\n", header) + 1;
  for (let length = whole.length; length >= 0; length--) {
    await writeFile(rows, whole.subarray(0, length));
    const { count } = await resume();
    expect([length, count]).toEqual([length, length === whole.length ? 2 : length >= first ? 1 : 0]);
    expect((await readFile(rows, "utf8")).startsWith("image_file_name,sha256,")).toBe(true);
  }
});

test("a row of another run's name with a line end in it can be cut there, too", async () => {
  await interrupted([0, 2]);
  const { size } = await stat(rows);
  const whole = await readFile(rows);
  await truncate(rows, whole.lastIndexOf("\ne.jpg") + 1);
  expect((await stat(rows)).size).toBeLessThan(size);
  expect((await resume()).count).toBe(1);
});

test.each<[string, Partial<RunIdentity>]>([
  ["model", { modelDigest: "sha256:other" }],
  ["output", { outputName: "other" }],
  ["recipe", { preprocessing: preprocessing("resnet", SIZE) }],
  ["dataset", { annotationsDigest: "sha256:other" }],
])("another %s is refused, and the rows stay", async (word, change) => {
  await interrupted([0]);
  const before = await readFile(rows, "utf8");
  const error = await failure(resume({ ...RUN, ...change }));
  expect(error.code).toBe("RESUME_MISMATCH");
  expect(error.message).toContain(`the interrupted run had another ${word}`);
  expect(await readFile(rows, "utf8")).toBe(before);
});

test("a picture that changed, or went, is refused by name", async () => {
  await interrupted([0, 1]);
  await writeFile(examples[1]?.path ?? "", "other bytes");
  const changed = await failure(resume());
  expect(changed.code).toBe("RESUME_MISMATCH");
  expect(changed.message).toContain("b, c.jpg is not the same picture any more");
  await rm(examples[1]?.path ?? "");
  expect((await failure(resume())).code).toBe("RESUME_MISMATCH");
});

test("nothing to resume, a broken identity, broken rows", async () => {
  expect((await failure(resume())).message).toContain("no interrupted run to resume");
  await interrupted([0]);
  await writeFile(join(folder, "predictions.partial.json"), "{");
  expect((await failure(resume())).code).toBe("RESUME_MISMATCH");
  await interrupted([0]);
  await writeFile(rows, (await readFile(rows, "utf8")).replace("0.1", "x"));
  expect((await failure(resume())).code).toBe("PREDICTIONS_INVALID");
});

test("names in the measures.json of an earlier evaluation do not matter", async () => {
  await interrupted([0]);
  await writeFile(join(folder, "measures.json"), '{"schemaVersion": 1, "perClass": [{"name": "one"}]}');
  expect((await resume()).count).toBe(1);
});

test("a run starts anew when it is not resumed; a folder that cannot be made is the disk's error", async () => {
  await interrupted([0, 1]);
  await interrupted([]);
  expect((await resume()).count).toBe(0);
  const error = await failure(PartialFile.create(join(rows, "predictions"), RUN, 2));
  expect(error.code).toBe("DISK");
  expect(error.message).toContain("predictions.partial.csv: cannot be written");
});

test("rows that cannot be appended are the disk's error", async () => {
  const collected = await interrupted([0]);
  const partial = await PartialFile.create(join(folder, "predictions"), RUN, 2);
  await partial[Symbol.asyncDispose]();
  const error = await failure(partial.append(collected, [0]));
  expect([error.code, error.message]).toEqual(["DISK", expect.stringContaining("predictions.partial.csv")]);
});

test("a complete run removes its files", async () => {
  const partial = await PartialFile.create(join(folder, "predictions"), RUN, 2);
  await partial.remove();
  await partial[Symbol.asyncDispose]();
  expect((await failure(resume())).message).toContain("no interrupted run");
});
