import { FieldmarkError } from "@fieldmark/contract";
import { sampleWithoutReplacement, seededBits } from "../statistics/random.ts";

export const PARTS = ["train", "valid", "test"] as const;
export type Part = (typeof PARTS)[number];

/** Fractions of train, valid and test; they sum to 1. */
export type Fractions = readonly [number, number, number];

/** @throws USAGE when a fraction is negative or the sum is not 1 */
export function checkFractions(fractions: readonly number[]): Fractions {
  const [train, valid, test] = fractions;
  const sum = fractions.reduce((total, one) => total + one, 0);
  if (train === undefined || valid === undefined || test === undefined || fractions.length !== 3) {
    throw new FieldmarkError(
      "USAGE",
      `--split ${fractions.join(",")}: expected three fractions, as 0.6,0.2,0.2`,
    );
  }
  if (!fractions.every((one) => one >= 0) || !(Math.abs(sum - 1) < 1e-9)) {
    throw new FieldmarkError("USAGE", `--split ${fractions.join(",")}: expected fractions ≥ 0 that sum to 1`);
  }
  return [train, valid, test];
}

/**
 * Deals the pictures of one class to the parts: shuffled by the seed, then train and valid rounded, test the rest.
 * @param seed the same seed and names give the same split
 */
export function splitClass(
  names: readonly string[],
  fractions: Fractions,
  seed: number,
): ReadonlyMap<string, Part> {
  const order = sampleWithoutReplacement(seededBits(seed), names.length, names.length);
  const train = Math.round(names.length * fractions[0]);
  const valid = Math.min(names.length - train, Math.round(names.length * fractions[1]));
  const parts = new Map<string, Part>();
  order.forEach((index, position) => {
    const part = position < train ? "train" : position < train + valid ? "valid" : "test";
    parts.set(names[index] ?? "", part);
  });
  return parts;
}
