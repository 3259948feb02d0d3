const BLOCK = 128;

/**
 * Sum of `values[start … start + length)`, adding in the order in which `numpy.sum` adds a contiguous
 * float64 array, so that means equal NumPy's to the last bit.
 * @see NumPy `add.reduce`: pairwise halves above 128 elements, eight running sums below
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, length = values.length - start): number {
  if (length < 8) return plainSum(values, start, start + length);
  if (length <= BLOCK) return blockSum(values, start, length);
  const half = (length >> 1) - ((length >> 1) % 8);
  return pairwiseSum(values, start, half) + pairwiseSum(values, start + half, length - half);
}

/** `numpy.mean` of a float64 array; NaN when it is empty. */
export function pairwiseMean(values: ArrayLike<number>): number {
  return pairwiseSum(values) / values.length;
}

/** `numpy.average` with weights; NaN when the weights sum to zero. */
export function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  const products: number[] = [];
  for (let i = 0; i < values.length; i++) products.push((values[i] ?? 0) * (weights[i] ?? 0));
  return pairwiseSum(products) / pairwiseSum(weights);
}

function plainSum(values: ArrayLike<number>, start: number, end: number, from = 0): number {
  let sum = from;
  for (let i = start; i < end; i++) sum += values[i] ?? 0;
  return sum;
}

/** Eight running sums in variables, not an array: this is called millions of times in a bootstrap. */
function blockSum(values: ArrayLike<number>, start: number, length: number): number {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  const end = start + length - (length % 8);
  for (let i = start; i < end; i += 8) {
    a += values[i] ?? 0;
    b += values[i + 1] ?? 0;
    c += values[i + 2] ?? 0;
    d += values[i + 3] ?? 0;
    e += values[i + 4] ?? 0;
    f += values[i + 5] ?? 0;
    g += values[i + 6] ?? 0;
    h += values[i + 7] ?? 0;
  }
  return plainSum(values, end, start + length, a + b + (c + d) + (e + f + (g + h)));
}
