const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;
const PASSES = 3;

/**
 * Indices that sort float32 scores from the highest to the lowest; equal scores keep their order.
 * A radix sort on the bits of the numbers: non-negative floats order as their bits do.
 * @param scores [examples], finite and not negative
 * @returns [examples]
 */
export function descendingOrder(scores: Float32Array): Int32Array {
  const size = scores.length;
  // Adding 0 turns −0, whose bits would sort as the largest, into 0.
  const keys = new Uint32Array(scores.map((score) => score + 0).buffer);
  let order = Int32Array.from({ length: size }, (_, i) => i);
  let next = new Int32Array(size);
  for (let pass = 0; pass < PASSES; pass++) {
    const shift = pass * DIGIT_BITS;
    const ends = new Int32Array(BUCKETS);
    const bucketOf = (index: number): number =>
      BUCKETS - 1 - (((keys[index] ?? 0) >>> shift) & (BUCKETS - 1));
    for (let i = 0; i < size; i++) {
      const bucket = bucketOf(i);
      ends[bucket] = (ends[bucket] ?? 0) + 1;
    }
    let start = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = ends[bucket] ?? 0;
      ends[bucket] = start;
      start += count;
    }
    for (let i = 0; i < size; i++) {
      const index = order[i] ?? 0;
      const bucket = bucketOf(index);
      const place = ends[bucket] ?? 0;
      next[place] = index;
      ends[bucket] = place + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}
