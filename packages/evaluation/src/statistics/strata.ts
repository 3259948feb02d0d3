import { type RandomBits, randomBelow } from "./random.ts";

/** Examples by their true class. */
export interface Strata {
  /** [examples], indices ordered by class, then by themselves. */
  readonly members: Int32Array;
  /** [classes + 1]; class c has `members[starts[c] … starts[c + 1])`. */
  readonly starts: Int32Array;
}

/** @param labels [examples], class indices */
export function strataOf(labels: Int32Array, classes: number): Strata {
  const starts = new Int32Array(classes + 1);
  for (const label of labels) starts[label + 1] = (starts[label + 1] ?? 0) + 1;
  for (let c = 0; c < classes; c++) starts[c + 1] = (starts[c + 1] ?? 0) + (starts[c] ?? 0);
  const next = starts.slice();
  const members = new Int32Array(labels.length);
  labels.forEach((label, index) => {
    const place = next[label] ?? 0;
    members[place] = index;
    next[label] = place + 1;
  });
  return { members, starts };
}

/**
 * Draws from every class as many examples as it has, with replacement, class after class.
 * @param weights [examples], filled with how often each was drawn
 */
export function drawResample({ members, starts }: Strata, bits: RandomBits, weights: Int32Array): void {
  weights.fill(0);
  for (let c = 0; c + 1 < starts.length; c++) {
    const start = starts[c] ?? 0;
    const size = (starts[c + 1] ?? 0) - start;
    for (let draw = 0; draw < size; draw++) {
      const drawn = members[start + randomBelow(bits, size)] ?? 0;
      weights[drawn] = (weights[drawn] ?? 0) + 1;
    }
  }
}

/** Values of the examples, a stratum each, in the order of the classes. */
export function byStratum({ members, starts }: Strata, values: Float64Array): { values: Float64Array }[] {
  const ordered = new Float64Array(members.length);
  for (let i = 0; i < ordered.length; i++) ordered[i] = values[members[i] ?? 0] ?? Number.NaN;
  return Array.from({ length: starts.length - 1 }, (_, c) => ({
    values: ordered.subarray(starts[c] ?? 0, starts[c + 1] ?? 0),
  }));
}
