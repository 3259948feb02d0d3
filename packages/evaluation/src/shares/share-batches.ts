import { FieldmarkError } from "@fieldmark/contract";
import type { EvaluateShareOptions } from "../evaluate-options.ts";
import type { PreparedRun } from "../prepared-run.ts";
import { readShare } from "./share-file.ts";
import { batchesOf, dealt, shareText, without } from "./share-rows.ts";

/**
 * The rows that this instance works on, in batches: all that S3 gave it, what other shares do not have, or, where every
 * instance has all pictures, each n-th batch.
 * @throws SHARES_MISMATCH, and what `readShare` throws, for the shares of `restOf`
 */
export async function shareBatches(
  { dataset, batch }: PreparedRun,
  { share, dataset: { shard = false } }: EvaluateShareOptions,
): Promise<readonly (readonly number[])[]> {
  const absent = new Set(dataset.absent);
  const present = [...dataset.examples.keys()].filter((row) => !absent.has(row));
  const batches = batchesOf(present, batch);
  if (share.restOf !== undefined) {
    const done = await rowsOf(share.restOf, dataset.annotationsDigest);
    return without(batches, (row) => done.has(row));
  }
  return shard ? batches : dealt(batches, share);
}

async function rowsOf(files: readonly string[], annotationsDigest: string): Promise<ReadonlySet<number>> {
  const rows = new Set<number>();
  for (const file of files) {
    const share = await readShare(file);
    if (share.annotationsDigest !== annotationsDigest) {
      throw new FieldmarkError(
        "SHARES_MISMATCH",
        `${file}: share ${shareText(share)} is of another dataset than these annotations`,
      );
    }
    for (const row of share.rows) rows.add(row);
    for (const { row } of share.failures) rows.add(row);
  }
  return rows;
}
