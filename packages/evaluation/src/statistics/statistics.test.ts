import fc from "fast-check";
import { expect, test } from "vitest";
import { descendingOrder } from "./descending-order.ts";
import { pairwiseSum } from "./pairwise-sum.ts";
import { randomBelow, sampleWithoutReplacement, seededBits } from "./random.ts";

test("descendingOrder sorts any scores from the highest down, equal ones as they came", () => {
  const scores = fc.array(fc.oneof(fc.float({ min: 0, noNaN: true }), fc.constantFrom(0, -0, 0.5, 1e-40)));
  fc.assert(
    fc.property(scores, (values) => {
      const floats = Float32Array.from(values);
      const want = [...floats.keys()].sort((a, b) => (floats[b] ?? 0) - (floats[a] ?? 0) || a - b);
      expect([...descendingOrder(floats)]).toEqual(want);
    }),
  );
});

test("pairwiseSum of whole numbers is their sum, at every length around its blocks", () => {
  for (const length of [0, 1, 7, 8, 9, 127, 128, 129, 255, 256, 257, 1000]) {
    const values = Float64Array.from({ length: length + 3 }, (_, i) => i);
    const sum = (length * (length - 1)) / 2 + 3 * length;
    expect([length, pairwiseSum(values, 3)]).toEqual([length, sum]);
  }
});

test("the generator gives the numbers of its reference: xoshiro128** filled by SplitMix32", () => {
  const bits = seededBits(42);
  expect(Array.from({ length: 4 }, bits)).toEqual(REFERENCE);
});

/** The first numbers of seeded_bits(42) in golden/make_measures.py. */
const REFERENCE = [2837322924, 544945897, 479756282, 3500138142];

test("randomBelow stays below its bound and reaches every number about as often", () => {
  const bits = seededBits(7);
  const counts = new Int32Array(10);
  for (let i = 0; i < 10_000; i++) {
    const drawn = randomBelow(bits, 10);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect(randomBelow(() => 0xffffffff, 1e9)).toBeLessThan(1e9);
});

test("a sample without replacement holds different indices, and all of them at full size", () => {
  const sample = sampleWithoutReplacement(seededBits(3), 100, 80);
  expect(new Set(sample).size).toBe(80);
  expect([...sampleWithoutReplacement(seededBits(3), 9, 9)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...sample.subarray(0, 9)]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
