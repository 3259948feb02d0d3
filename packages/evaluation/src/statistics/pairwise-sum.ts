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
  const products = new Float64Array(values.length);
  for (let i = 0; i < products.length; i++) products[i] = Number(values[i]) * Number(weights[i]);
  return pairwiseSum(products) / pairwiseSum(weights);
}

function plainSum(values: ArrayLike<number>, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] ?? 0;
  return sum;
}

function blockSum(values: ArrayLike<number>, start: number, length: number): number {
  const lanes = new Float64Array(8);
  const whole = length - (length % 8);
  for (let i = 0; i < whole; i++) lanes[i & 7] = (lanes[i & 7] ?? 0) + (values[start + i] ?? 0);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  let sum = a + b + (c + d) + (e + f + (g + h));
  for (let i = whole; i < length; i++) sum += values[start + i] ?? 0;
  return sum;
}
