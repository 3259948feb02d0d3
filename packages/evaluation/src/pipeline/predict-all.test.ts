import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FieldmarkError } from "@fieldmark/contract";
import { preprocessing } from "@fieldmark/imaging";
import type { Model } from "@fieldmark/model";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Example } from "../dataset/dataset.ts";
import { batchesOf } from "../shares/share-rows.ts";
import { DecodePool } from "./decode-pool.ts";
import { type PredictAllOptions, type PredictedBatch, predictAll } from "./predict-all.ts";

const RECIPE = preprocessing("raw", { height: 4, width: 4 });
const BROKEN = [4, 5, 6, 7, 13, 22];
const COUNT = 23;

let folder: string;
let examples: readonly Example[];
let pool: DecodePool;

/** Picture `row` is grey of value 10 · row; the broken ones are no pictures. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-predict-all-"));
  examples = Array.from({ length: COUNT }, (_, row) => ({
    imageFileName: `${row}.png`,
    path: join(folder, `${row}.png`),
    label: 0,
  }));
  for (const [row, { path }] of examples.entries()) {
    const grey = { r: 10 * row, g: 10 * row, b: 10 * row };
    const picture = sharp({ create: { width: 9, height: 7, channels: 3, background: grey } }).png();
    await writeFile(path, BROKEN.includes(row) ? "no picture" : await picture.toBuffer());
  }
  pool = new DecodePool(2);
});

afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A model of one output: the first value of the picture, after a while that differs from batch to batch. */
function firstValue(delays: readonly number[]): { model: Model; most: () => number; calls: () => number } {
  let [running, most, calls] = [0, 0, 0];
  const classify: Model["classify"] = async (pixels, batch) => {
    running++;
    most = Math.max(most, running);
    await sleep(delays[calls++ % delays.length]);
    running--;
    return Float32Array.from(
      { length: batch },
      (_, row) => pixels[(row * pixels.length) / batch] ?? Number.NaN,
    );
  };
  return { model: { classify } as Model, most: () => most, calls: () => calls };
}

async function predictWith(model: Model, more: Partial<PredictAllOptions> = {}) {
  const batches: PredictedBatch[] = [];
  const failures: number[] = [];
  const batch = more.batch ?? 4;
  await predictAll(examples, batchesOf([...examples.keys()].slice(more.batch === undefined ? 0 : 1), batch), {
    model,
    pool,
    preprocessing: RECIPE,
    batch,
    onBatch: (predicted) => void batches.push(predicted),
    onFailure: (row) => failures.push(row),
    onWarning: () => {},
    ...more,
  });
  return { batches, failures };
}

test("every picture meets its own row, in order, whatever fails and however long batches take", async () => {
  const { model, most } = firstValue([30, 0, 10]);
  const { batches, failures } = await predictWith(model);
  const rows = batches.flatMap((batch) => batch.rows);
  expect(rows).toEqual([...examples.keys()].filter((row) => !BROKEN.includes(row)));
  expect(batches.flatMap(({ probabilities }) => [...probabilities])).toEqual(rows.map((row) => 10 * row));
  expect(failures).toEqual(BROKEN);
  expect(most()).toBe(2);
  const sha256 = batches.flatMap((batch) => batch.sha256);
  expect(new Set(sha256).size).toBe(rows.length);
  for (const { millisecondsPerImage } of batches) expect(millisecondsPerImage).toBeGreaterThanOrEqual(0);
});

test("a batch that waits for the one before it is not charged for the wait", async () => {
  const { model } = firstValue([50]);
  const { batches } = await predictWith(model, { batch: 8 });
  const all = batches.reduce(
    (sum, { millisecondsPerImage, rows }) => sum + millisecondsPerImage * rows.length,
    0,
  );
  expect(all).toBeLessThan(50 * batches.length);
});

test("an abort ends it before the next batch", async () => {
  const interrupt = new AbortController();
  const { model, calls } = firstValue([0]);
  const running = predictWith(model, { signal: interrupt.signal, onBatch: () => interrupt.abort() });
  await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" } satisfies Partial<FieldmarkError>);
  expect(calls()).toBeLessThanOrEqual(4);
});

test("what the model throws comes out, once the batches that run have ended", async () => {
  const model = { classify: async () => Promise.reject(new Error("no memory")) } as unknown as Model;
  await expect(predictWith(model)).rejects.toThrow("no memory");
});

test("a thumbnail is a small square; a file that is no picture has none", async () => {
  const webp = await pool.thumbnail(examples[0]?.path ?? "");
  expect(await sharp(webp ?? Buffer.alloc(0)).metadata()).toMatchObject({
    format: "webp",
    width: 112,
    height: 112,
  });
  expect(await pool.thumbnail(examples[BROKEN[0] ?? 0]?.path ?? "")).toBeNull();
});
