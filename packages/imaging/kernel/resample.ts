/**
 * The two passes of a Pillow resample on RGB bytes, in AssemblyScript with 128-bit SIMD.
 * `node scripts/build-kernel.mjs` compiles it into src/resize/kernel.generated.ts.
 *
 * A coefficient c (22-bit fixed point, |c| < 2^30) is stored as two 16-bit halves, c = high·2^15 + low with
 * 0 ≤ low < 2^15, so that one i16x8 dot product multiplies two taps at a time. All sums are taken modulo 2^32,
 * as the whole sum (which fits in 32 bits) is: the result is that of plain 32-bit arithmetic.
 *
 * Coefficients of a pair of taps: 8 bytes, i16 [low0, low1, high0, high1].
 * A row of coefficients has `taps` of them, a multiple of 4; bounds are i32 [first, count] for each output.
 */

const HALF: i32 = 1 << 21;
const PRECISION_BITS: i32 = 22;
const LOW_BITS: i32 = 15;

/** Rounds four sums and clips them to bytes, in the low lanes of the result. */
function toInt(low: v128, high: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(high, LOW_BITS), low), i32x4.splat(HALF));
  return i32x4.shr_s(sum, PRECISION_BITS);
}

/**
 * Horizontal pass over `rows` rows. Reads up to 13 bytes past the end of the last row.
 * Writes one byte past the last pixel of a row: outputStride > 3 · width.
 */
export function horizontal(
  input: usize,
  inputStride: usize,
  rows: i32,
  output: usize,
  outputStride: usize,
  width: i32,
  bounds: usize,
  coefficients: usize,
  taps: i32,
): void {
  // i16 [r0, r1, g0, g1, b0, b1, 0, 0] of the first and of the second two pixels of 12 bytes.
  const firstPair = i8x16(0, -128, 3, -128, 1, -128, 4, -128, 2, -128, 5, -128, -128, -128, -128, -128);
  const secondPair = i8x16(6, -128, 9, -128, 7, -128, 10, -128, 8, -128, 11, -128, -128, -128, -128, -128);
  const rowBytes = <usize>taps * 4;
  for (let x: i32 = 0; x < width; x++) {
    const first = load<i32>(bounds + ((<usize>x) << 3));
    const count = load<i32>(bounds + ((<usize>x) << 3), 4);
    const row = coefficients + <usize>x * rowBytes;
    const end = row + ((<usize>((count + 3) >> 2)) << 4);
    let source = input + <usize>first * 3;
    let target = output + <usize>x * 3;
    let y: i32 = 0;
    for (; y + 1 < rows; y += 2) {
      let low0 = i32x4.splat(0);
      let high0 = low0;
      let low1 = low0;
      let high1 = low0;
      let pixels = source;
      for (let c = row; c < end; c += 16) {
        const lowA = v128.load32_splat(c);
        const highA = v128.load32_splat(c, 4);
        const lowB = v128.load32_splat(c, 8);
        const highB = v128.load32_splat(c, 12);
        const bytes0 = v128.load(pixels);
        const a0 = i8x16.swizzle(bytes0, firstPair);
        const b0 = i8x16.swizzle(bytes0, secondPair);
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(a0, lowA));
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(a0, highA));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(b0, lowB));
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(b0, highB));
        const bytes1 = v128.load(pixels + inputStride);
        const a1 = i8x16.swizzle(bytes1, firstPair);
        const b1 = i8x16.swizzle(bytes1, secondPair);
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(a1, lowA));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(a1, highA));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(b1, lowB));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(b1, highB));
        pixels += 12;
      }
      const both = i16x8.narrow_i32x4_s(toInt(low0, high0), toInt(low1, high1));
      const bytes = i8x16.narrow_i16x8_u(both, both);
      v128.store32_lane(target, bytes, 0);
      v128.store32_lane(target + outputStride, bytes, 1);
      source += inputStride * 2;
      target += outputStride * 2;
    }
    if (y < rows) {
      let low = i32x4.splat(0);
      let high = low;
      let pixels = source;
      for (let c = row; c < end; c += 16) {
        const bytes = v128.load(pixels);
        const a = i8x16.swizzle(bytes, firstPair);
        const b = i8x16.swizzle(bytes, secondPair);
        low = i32x4.add(low, i32x4.dot_i16x8_s(a, v128.load32_splat(c)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(a, v128.load32_splat(c, 4)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(b, v128.load32_splat(c, 8)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(b, v128.load32_splat(c, 12)));
        pixels += 12;
      }
      const sums = toInt(low, high);
      const words = i16x8.narrow_i32x4_s(sums, sums);
      v128.store32_lane(target, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
}

/**
 * Vertical pass that makes one output row of `bytes` bytes (a multiple of 16 is read and written) from `count`
 * input rows, the first of which is at `input`. An odd count reads one row more, with a coefficient of zero.
 */
export function vertical(
  input: usize,
  inputStride: usize,
  count: i32,
  output: usize,
  bytes: i32,
  coefficients: usize,
): void {
  const end = coefficients + ((<usize>((count + 1) >> 1)) << 3);
  for (let x: usize = 0; x < <usize>bytes; x += 16) {
    let low0 = i32x4.splat(0);
    let low1 = low0;
    let low2 = low0;
    let low3 = low0;
    let high0 = low0;
    let high1 = low0;
    let high2 = low0;
    let high3 = low0;
    let source = input + x;
    for (let c = coefficients; c < end; c += 8) {
      const upper = v128.load(source);
      const lower = v128.load(source + inputStride);
      const left = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const right = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const pixels0 = i16x8.extend_low_i8x16_u(left);
      const pixels1 = i16x8.extend_high_i8x16_u(left);
      const pixels2 = i16x8.extend_low_i8x16_u(right);
      const pixels3 = i16x8.extend_high_i8x16_u(right);
      const low = v128.load32_splat(c);
      const high = v128.load32_splat(c, 4);
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pixels0, low));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pixels1, low));
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pixels2, low));
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pixels3, low));
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pixels0, high));
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pixels1, high));
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pixels2, high));
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pixels3, high));
      source += inputStride * 2;
    }
    const words01 = i16x8.narrow_i32x4_s(toInt(low0, high0), toInt(low1, high1));
    const words23 = i16x8.narrow_i32x4_s(toInt(low2, high2), toInt(low3, high3));
    v128.store(output + x, i8x16.narrow_i16x8_u(words01, words23));
  }
}
