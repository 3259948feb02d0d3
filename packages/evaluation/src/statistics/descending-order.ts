const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;
const MASK = BUCKETS - 1;
const PASSES = 3;

/**
 * Indices that sort float32 scores from the highest to the lowest; equal scores keep their order.
 * A radix sort on the bits of the numbers: non-negative floats order as their bits do.
 * @param scores [examples], finite and not negative
 * @returns [examples]
 */
export function descendingOrder(scores: Float32Array): Int32Array {
  const size = scores.length;
  const floats = new Float32Array(size);
  let order = new Int32Array(size);
  let next = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    // Adding 0 turns −0, whose bits would sort as the largest, into 0.
    floats[i] = (scores[i] ?? 0) + 0;
    order[i] = i;
  }
  const keys = new Uint32Array(floats.buffer);
  const ends = new Int32Array(BUCKETS);
  for (let shift = 0; shift < PASSES * DIGIT_BITS; shift += DIGIT_BITS) {
    ends.fill(0);
    for (let i = 0; i < size; i++) {
      const bucket = MASK - (((keys[i] ?? 0) >>> shift) & MASK);
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
      const bucket = MASK - (((keys[index] ?? 0) >>> shift) & MASK);
      const place = ends[bucket] ?? 0;
      next[place] = index;
      ends[bucket] = place + 1;
    }
    const spare = order;
    order = next;
    next = spare;
  }
  return order;
}
