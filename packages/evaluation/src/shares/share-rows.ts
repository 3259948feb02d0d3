/** Which part of an evaluation is worked on: the 2nd of 3. */
export interface ShareNumber {
  /** From 1. */
  readonly number: number;
  readonly shares: number;
}

/** An evaluation that is not shared. */
export const WHOLE: ShareNumber = { number: 1, shares: 1 };

/** "2/3", as `--share` takes it. */
export function shareText({ number, shares }: ShareNumber): string {
  return `${number}/${shares}`;
}

/**
 * Rows in batches: the first `batch` of them, the next, … Batches are made before a share is taken or finished rows are
 * left out, so that a picture meets the same others in a whole run, a resumed one, and one instance's share.
 */
export function batchesOf(rows: readonly number[], batch: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(rows.length / batch) }, (_, index) =>
    rows.slice(index * batch, (index + 1) * batch),
  );
}

/**
 * One share of the batches, dealt one by one: neighbours in the annotations are often of one class or one camera, so
 * that slow and broken pictures spread over all shares.
 */
export function dealt<T>(batches: readonly T[], { number, shares }: ShareNumber): readonly T[] {
  return batches.filter((_, index) => index % shares === number - 1);
}

/** Batches without the rows that are not wanted any more; those that are left keep their batch. */
export function without(
  batches: readonly (readonly number[])[],
  isDone: (row: number) => boolean,
): readonly (readonly number[])[] {
  return batches.map((rows) => rows.filter((row) => !isDone(row))).filter((rows) => rows.length > 0);
}
