import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { renderBird } from "./render-bird.ts";
import { SPECIES } from "./species/catalogue.ts";
import type { Species } from "./species/species.ts";

export type SampleSplit = "train" | "valid" | "test";

export interface SampleDatasetOptions {
  /** Folder to make; it must be absent or empty unless `replace` is set. */
  readonly output: string;
  /** Integer ≥ 0; 1 without it. Another seed gives other birds. */
  readonly seed?: number;
  /** Test pictures of each species, 1–10,000; 20 without it. With `all`, three times as many to train on. */
  readonly perClass?: number;
  /** `test` without it; `all` adds the lab's train and valid. The test pictures are the same either way. */
  readonly split?: "test" | "all";
  /** Deletes what stands at `output` once the new pictures are complete. */
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
  /** Called after every picture. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface SampleDataset {
  readonly output: string;
  readonly seed: number;
  readonly images: number;
  /** Pictures in each split that was written. */
  readonly splits: Readonly<Partial<Record<SampleSplit, number>>>;
  readonly classes: readonly string[];
}

interface Row {
  readonly species: Species;
  readonly split: SampleSplit;
  readonly index: number;
  readonly file: string;
}

/**
 * Writes sample birds in the lab's layout: `<split>/<NNN.Class>/<file>.jpg` and `manifest/<split>.csv` with
 * the columns image_file_name, orig_class_id, class_id (1-based), class_name. The folder appears whole or
 * not at all.
 *
 * @throws USAGE for numbers out of range; OUTPUT_EXISTS when the folder holds something; INTERRUPTED when
 *         the signal is aborted; DISK when it cannot be written
 */
export async function writeSampleDataset(options: SampleDatasetOptions): Promise<SampleDataset> {
  const { seed = 1, perClass = 20, split = "test", replace = false, signal, onProgress } = options;
  if (!Number.isSafeInteger(perClass) || perClass < 1 || perClass > 10_000)
    throw new FieldmarkError("USAGE", `perClass is ${perClass}, expected an integer from 1 to 10000`);
  const output = resolve(options.output);
  if (!replace && (await holdsSomething(output)))
    throw new FieldmarkError("OUTPUT_EXISTS", `${output} exists and is not empty`);

  const rows = rowsOf(perClass, split);
  const partial = `${output}.partial-${process.pid}`;
  try {
    await makeFolders(partial, rows);
    let done = 0;
    await inParallel(rows, async (row) => {
      if (signal?.aborted === true)
        throw new FieldmarkError(
          "INTERRUPTED",
          `stopped after ${done} of ${rows.length} sample birds; nothing was kept`,
        );
      const { jpeg } = await renderBird({ species: row.species.className, seed, index: row.index });
      await onDisk(writeFile(join(partial, row.split, row.file), jpeg));
      onProgress?.({ done: ++done, total: rows.length });
    });
    await onDisk(rm(output, { recursive: true, force: true }));
    await onDisk(rename(partial, output));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  const splits: Partial<Record<SampleSplit, number>> = {};
  for (const row of rows) splits[row.split] = (splits[row.split] ?? 0) + 1;
  return { output, seed, images: rows.length, splits, classes: SPECIES.map(({ className }) => className) };
}

/** First index of each split: far apart, so that no picture is in two of them. */
const FIRST_INDEX = { test: 0, valid: 100_000, train: 200_000 } as const satisfies Record<
  SampleSplit,
  number
>;

function rowsOf(perClass: number, split: "test" | "all"): readonly Row[] {
  const counts = { test: perClass, ...(split === "all" ? { valid: perClass, train: 3 * perClass } : {}) };
  return Object.entries(FIRST_INDEX).flatMap(([name, first]) => {
    const key = name as SampleSplit;
    return SPECIES.flatMap((species) =>
      Array.from({ length: counts[key as keyof typeof counts] ?? 0 }, (_, i): Row => {
        const stem = species.className.slice(species.className.indexOf(".") + 1);
        const number = String(first + i).padStart(6, "0");
        return { species, split: key, index: first + i, file: `${species.className}/${stem}_${number}.jpg` };
      }),
    );
  });
}

async function makeFolders(root: string, rows: readonly Row[]): Promise<void> {
  const folders = new Set(rows.map((row) => join(root, row.split, dirname(row.file))));
  await onDisk(mkdir(join(root, "manifest"), { recursive: true }));
  for (const folder of folders) await onDisk(mkdir(folder, { recursive: true }));
  for (const split of new Set(rows.map((row) => row.split))) {
    const lines = rows
      .filter((row) => row.split === split)
      .map(({ species, file }) =>
        [file, species.id, SPECIES.indexOf(species) + 1, species.className].join(","),
      );
    const csv = ["image_file_name,orig_class_id,class_id,class_name", ...lines, ""].join("\n");
    await onDisk(writeFile(join(root, "manifest", `${split}.csv`), csv));
  }
}

/**
 * Rasterising runs on libuv's threads; one bird more than there are cores keeps them busy. The first failure
 * ends every lane, and is thrown when all have come to rest.
 */
async function inParallel(rows: readonly Row[], work: (row: Row) => Promise<void>): Promise<void> {
  const queue = rows.values();
  let failed = false;
  const lane = async () => {
    for (const row of queue) {
      if (failed) return;
      try {
        await work(row);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: availableParallelism() + 1 }, lane));
  for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
}

async function holdsSomething(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length > 0;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw new FieldmarkError("DISK", `${folder} cannot be written: ${String(error)}`, {}, error);
  }
}

async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new FieldmarkError("DISK", `sample birds cannot be written: ${String(error)}`, {}, error);
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
