import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldmark } from "./command-line.ts";

const BIRDS = fileURLToPath(new URL("../../shared/data/birds", import.meta.url));
const absent = !existsSync(BIRDS);
if (absent) console.warn("skipped: real birds (no ../shared/data/birds beside this checkout)");

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-birds-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function table(text: string): string[][] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}

test.skipIf(absent)("real photos: the lab's evaluation.json and TensorFlow's probabilities", async () => {
  const output = join(folder, "evaluation");
  const { code, stdout, stderr } = await fieldmark(
    [
      "evaluate",
      ...["--model", join(BIRDS, "model.tar.gz")],
      ...["--images", join(BIRDS, "test")],
      ...["--annotations", join(BIRDS, "manifest/test.csv")],
      ...["--output", output],
      ...["--profile", "lab"],
    ],
    { env: { FIELDMARK_CACHE: join(folder, "cache") } },
  );
  expect(stderr).not.toContain("warning");
  expect(code).toBe(0);
  expect(stdout).toContain("97.8 %");
  expect(stdout).toContain("035.Purple_Finch taken for 047.American_Goldfinch: 4 of 30");

  const ours = JSON.parse(await readFile(join(output, "evaluation.json"), "utf8"));
  const theirs = JSON.parse(await readFile(join(BIRDS, "expected-evaluation.json"), "utf8"));
  expect(ours).toEqual(theirs);
  expect(JSON.stringify(ours)).toBe(JSON.stringify(theirs));

  const [, ...expected] = table(await readFile(join(BIRDS, "expected-predictions.csv"), "utf8"));
  const [header, ...rows] = table(await readFile(join(output, "predictions.csv"), "utf8"));
  expect(header?.slice(0, 6)).toEqual([
    "image_file_name",
    "sha256",
    "label",
    "predicted",
    "confidence",
    "p0",
  ]);
  const byName = new Map(rows.map((row) => [row[0], row.slice(5, 11).map(Number)]));
  expect(byName.size).toBe(180);
  let worst = 0;
  for (const [name, ...scores] of expected) {
    const found = byName.get(name ?? "");
    for (const [index, score] of scores.entries())
      worst = Math.max(worst, Math.abs(Number(score) - (found?.[index] ?? Number.NaN)));
  }
  expect(worst).toBeLessThanOrEqual(1e-5);
});
