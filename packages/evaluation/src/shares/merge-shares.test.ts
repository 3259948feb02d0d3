import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preprocessing } from "@fieldmark/imaging";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EvaluationFiles } from "../evaluate-options.ts";
import { mergeReport } from "../merge-report.ts";
import type { RecipeHits } from "../pipeline/recipe-check.ts";
import { failure, madePredictions } from "../predictions/made-predictions.test.support.ts";
import { type Predictions, scoresOf, withPredicted } from "../predictions/predictions.ts";
import { reportShares } from "../report-shares.ts";
import { mergeShares } from "./merge-shares.ts";
import type { Share } from "./share.ts";
import { readShare, shareFile, writeShare } from "./share-file.ts";

const CLASSES = 5;
const TIME = { time: "2026-01-02T03:04:05.678Z" };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-merge-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function only(predictions: Predictions, rows: readonly number[]): Predictions {
  const data = new Float32Array(rows.length * CLASSES);
  rows.forEach((row, index) => void data.set(scoresOf(predictions, row), index * CLASSES));
  return withPredicted({
    classNames: predictions.classNames,
    imageFileNames: rows.map((row) => predictions.imageFileNames[row] ?? ""),
    sha256: rows.map((row) => predictions.sha256[row] ?? ""),
    labels: Int32Array.from(rows, (row) => predictions.labels[row] ?? 0),
    probabilities: { rows: rows.length, columns: CLASSES, data },
    milliseconds: Float64Array.from(rows, (row) => predictions.milliseconds[row] ?? Number.NaN),
  });
}

interface Dealt {
  readonly number: number;
  readonly shares: number;
  /** Rows of this share, of which every seventh picture is broken and every fifth has a warning. */
  readonly rows: readonly number[];
}

function shareOf(all: Predictions, { number, shares, rows }: Dealt, change: Partial<Share> = {}): Share {
  const examples = all.labels.length;
  const good = rows.filter((row) => row % 7 !== 3);
  const own = new Set(rows);
  const looked = good.filter((row) => row % 4 === 0);
  const recipeHits: RecipeHits = {
    recipe: "mobilenet_v2",
    rows: looked,
    results: ["mobilenet_v2", "raw"].map((recipe, at) => ({
      recipe,
      right: looked.map((row) => (row + at) % 3 === 0),
    })),
  };
  return {
    number,
    shares,
    host: `algo-${number}`,
    examples,
    annotationsDigest: "sha256:annotations",
    provenance: {
      command: "fieldmark evaluate",
      versions: { fieldmark: "0.1.0", node: "20.19.0" },
      model: {
        path: "/m/model.tar.gz",
        format: "TensorFlow SavedModel",
        producer: "TensorFlow 2.15.1",
        digest: "sha256:model",
        signature: "serving_default",
        output: { name: "output", kind: "probabilities", reason: "made by Softmax", classes: CLASSES },
        parameters: 12,
      },
      dataset: { source: `test.csv, ${examples} pictures`, examples, classNameSource: "annotations" },
      preprocessing: {
        recipe: preprocessing("mobilenet_v2", { height: 96, width: 96 }),
        chosenBy: "--recipe mobilenet_v2",
        notes: ["pixels are scaled to −1 … 1"],
      },
      seconds: 1 + number / 8,
    },
    recipeHits,
    rows: good,
    predictions: only(all, good),
    failures: rows
      .filter((row) => row % 7 === 3)
      .map((row) => ({
        row,
        imageFileName: all.imageFileNames[row] ?? "",
        label: all.labels[row] ?? 0,
        code: "IMAGE_BROKEN",
        message: `${all.imageFileNames[row]}: cut short`,
      })),
    warnings: good
      .filter((row) => row % 5 === 0)
      .map((row) => ({ row, text: `${row}: 16-bit grey is clipped` })),
    absent: [...all.labels.keys()]
      .filter((row) => !own.has(row))
      .map((row) => ({ row, imageFileName: all.imageFileNames[row] ?? "" })),
    ...change,
  };
}

const WHOLE_ROWS = (all: Predictions) => ({ number: 1, shares: 1, rows: [...all.labels.keys()] });

/** Predictions whose pictures have copies under other labels, and who has which of them, in what order. */
const splits = fc
  .record({
    rows: fc.integer({ min: 8, max: 60 }),
    shares: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  })
  .chain(({ rows, shares, seed }) =>
    fc.record({
      all: fc.constant(rows).map((count) => {
        const made = madePredictions(count, CLASSES, seed);
        return { ...made, sha256: made.sha256.map((one, row) => (row % 20 === 0 ? "a".repeat(64) : one)) };
      }),
      owners: fc.array(fc.integer({ min: 1, max: shares }), { minLength: rows, maxLength: rows }),
      order: fc.shuffledSubarray(
        Array.from({ length: shares }, (_, index) => index + 1),
        { minLength: shares },
      ),
    }),
  );

function dealtBy(all: Predictions, owners: readonly number[], order: readonly number[]): readonly Share[] {
  return order.map((number) => {
    const rows = owners.flatMap((owner, row) => (owner === number ? [row] : []));
    return shareOf(all, { number, shares: order.length, rows });
  });
}

async function bytesOf(files: EvaluationFiles): Promise<readonly string[]> {
  return await Promise.all(Object.values(files).map((path) => readFile(path, "base64")));
}

test("shares of any split, in any order, through their files: every file of the report as of one instance", async () => {
  let run = 0;
  const options = { seed: 3, times: false };
  const thumbnail = async (name: string) => new TextEncoder().encode(name);
  await fc.assert(
    fc.asyncProperty(splits, async ({ all, owners, order }) => {
      const at = join(folder, `${run++}`);
      const one = shareOf(all, WHOLE_ROWS(all));
      const whole = await reportShares([one], { ...options, output: join(at, "whole") }, thumbnail);
      const paths: string[] = [];
      for (const share of dealtBy(all, owners, order)) {
        const path = shareFile(at, share);
        await writeShare(path, share);
        paths.push(path);
      }
      const read = paths.map((path) => readShare(path));
      const merged = await reportShares(
        await Promise.all(read),
        { ...options, output: join(at, "merged") },
        thumbnail,
      );
      expect(await bytesOf(merged.files)).toEqual(await bytesOf(whole.files));
      await rm(at, { recursive: true });
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("with times, only the moment, the seconds and the milliseconds may differ", async () => {
  const all = madePredictions(40, CLASSES);
  const whole = await mergeShares([shareOf(all, WHOLE_ROWS(all))], TIME);
  const owners = [...all.labels.keys()].map((row) => (row % 3) + 1);
  const merged = await mergeShares(dealtBy(all, owners, [3, 1, 2]), { time: "2027-01-01T00:00:00.000Z" });
  expect(merged.provenance.seconds).toBe(1 + 3 / 8);
  expect(merged).toEqual({
    ...whole,
    provenance: { ...whole.provenance, time: merged.provenance.time, seconds: merged.provenance.seconds },
  });
});

describe("what does not fit together is refused", () => {
  const all = madePredictions(30, CLASSES);
  const owners = [...all.labels.keys()].map((row) => (row % 3) + 1);
  const [one, two, three] = dealtBy(all, owners, [1, 2, 3]) as [Share, Share, Share];
  const model = one.provenance.model;

  test.each<[string, readonly Share[], string, RegExp]>([
    ["nothing", [], "SHARES_INCOMPLETE", /no share/],
    ["a lost share", [one, three], "SHARES_INCOMPLETE", /share 2\/3 missing, with 10 pictures of 30/],
    ["two lost shares", [three], "SHARES_INCOMPLETE", /shares 1\/3, 2\/3 missing/],
    ["one twice", [one, two, two], "SHARES_MISMATCH", /share 2\/3 is there twice/],
    [
      "overlapping shares",
      [one, { ...one, number: 2 }],
      "SHARES_MISMATCH",
      /is in share 2\/3 and in another/,
    ],
    ["another split", [one, { ...two, shares: 4 }], "SHARES_MISMATCH", /another number of shares/],
    ["another dataset", [one, { ...two, annotationsDigest: "x" }], "SHARES_MISMATCH", /another dataset/],
    [
      "another model",
      [
        one,
        {
          ...two,
          provenance: { ...two.provenance, model: model === null ? null : { ...model, digest: "x" } },
        },
      ],
      "SHARES_MISMATCH",
      /another model/,
    ],
  ])("%s", async (_, shares, code, message) => {
    const error = await failure(mergeShares(shares, TIME));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("a picture that no instance had is named; one that another had is no failure", async () => {
    const nobody = owners.map((owner, row) => (row === 4 ? 0 : owner));
    const error = await failure(mergeShares(dealtBy(all, nobody, [1, 2, 3]), TIME));
    expect(error.code).toBe("DATASET_INVALID");
    expect(error.message).toBe(
      `test.csv, 30 pictures: 1 problem\n  ${all.imageFileNames[4]}: no instance had such a file`,
    );
  });

  test("none of the pictures can be decoded", async () => {
    const rows = [3, 10, 17, 24];
    const few = only(all, rows.concat(0));
    const broken = shareOf(all, { number: 1, shares: 1, rows: [] }, { examples: 4 });
    const failures = rows.map((_, row) => ({
      row,
      imageFileName: few.imageFileNames[row] ?? "",
      label: 0,
      code: "IMAGE_BROKEN",
      message: "cut short",
    }));
    const error = await failure(mergeShares([{ ...broken, failures }], TIME));
    expect(error.message).toBe("none of the 4 pictures can be decoded; the first: cut short");
  });
});

test("an instance that knew the recipe leaves the check out; other versions are a warning", async () => {
  const all = madePredictions(30, CLASSES);
  const owners = [...all.labels.keys()].map((row) => (row % 2) + 1);
  const [one, two] = dealtBy(all, owners, [1, 2]) as [Share, Share];
  const versions = { fieldmark: "0.2.0", node: "20.19.0" };
  const merged = await mergeShares(
    [
      { ...one, recipeHits: null },
      { ...two, provenance: { ...two.provenance, versions } },
    ],
    TIME,
  );
  expect(merged.recipeCheck).toBeNull();
  expect(merged.warnings[0]).toBe(
    "the shares were made by different versions: fieldmark 0.1.0, node 20.19.0; fieldmark 0.2.0, node 20.19.0",
  );
});

describe("the file of a share", () => {
  const all = madePredictions(30, CLASSES);

  test("comes back as it was, also without a single prediction", async () => {
    for (const rows of [[...all.labels.keys()], [], [3]]) {
      const share = shareOf(all, { number: 2, shares: 3, rows });
      const path = shareFile(folder, share);
      await writeShare(path, share);
      expect(await readShare(path)).toEqual(share);
    }
  });

  test.each<[string, object, RegExp]>([
    ["a number that is none of its shares", { number: 4 }, /number is not a whole number from 1 to 3/],
    ["a row outside the dataset", { rows: [0, 99] }, /rows is not a list of whole numbers from 0 to 29/],
    ["fewer rows than predictions", { rows: [0] }, /predictions for 1 rows/],
    [
      "a picture twice",
      { failures: [{ row: 0, imageFileName: "a", label: 0, code: "", message: "" }] },
      /in it twice/,
    ],
    ["no model", { provenance: {} }, /provenance.dataset is not a value/],
  ])("is refused with %s", async (_, change, message) => {
    const share = { ...shareOf(all, { number: 2, shares: 3, rows: [0, 1, 2] }), ...change } as Share;
    const path = shareFile(folder, { number: 2, shares: 3 });
    await writeShare(path, share);
    const error = await failure(readShare(path));
    expect(error.message).toMatch(message);
  });

  test("is not a predictions.parquet", async () => {
    const share = shareOf(all, WHOLE_ROWS(all));
    const { files } = await reportShares([share], { output: folder }, async () => null);
    const error = await failure(mergeReport({ shares: [files.predictionsParquet], output: folder }));
    expect(error.message).toContain("no share of an evaluation");
  });
});
