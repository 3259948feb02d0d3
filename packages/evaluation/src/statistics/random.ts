/** Whole numbers in [0, 2³²). */
export type RandomBits = () => number;

/**
 * xoshiro128** of Blackman and Vigna, its four words filled by SplitMix32 from one seed.
 * The same seed gives the same numbers on every machine.
 */
export function seededBits(seed: number): RandomBits {
  let mixer = seed | 0;
  const splitMix = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    let word = mixer;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  };
  let a = splitMix();
  let b = splitMix();
  let c = splitMix();
  let d = splitMix();
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** A whole number in [0, bound), by scaling; the bias is below bound / 2³². */
export function randomBelow(bits: RandomBits, bound: number): number {
  return Math.floor((bits() / 0x100000000) * bound);
}

/**
 * `count` different indices of [0, size), in random order (Fisher and Yates' shuffle, cut short).
 * @param count 0 ≤ count ≤ size
 */
export function sampleWithoutReplacement(bits: RandomBits, size: number, count: number): Int32Array {
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const other = i + randomBelow(bits, size - i);
    const taken = indices[other] ?? 0;
    indices[other] = indices[i] ?? 0;
    indices[i] = taken;
  }
  return indices.subarray(0, count);
}
