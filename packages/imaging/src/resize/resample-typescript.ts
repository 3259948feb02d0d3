import type { RgbImage } from "../rgb-image.ts";
import type { Passes } from "./passes.ts";
import { type Coefficients, PRECISION_BITS } from "./pillow-coefficients.ts";

/**
 * Both passes of a Pillow resample in plain TypeScript: the kernel's twin, which tests hold equal to it, and its
 * stand-in where WebAssembly SIMD is not to be had.
 *
 * @returns uint8 [height, width, 3]
 * @see Pillow 13 `src/libImaging/Resample.c`, ImagingResampleInner
 */
export function resampleWithTypescript(image: RgbImage, passes: Passes): Uint8Array {
  const { horizontal, vertical, width, height, order } = passes;
  let { data } = image;
  if (order === "vertical-first") {
    if (vertical !== undefined) data = verticalPass(data, image.width * 3, vertical);
    const rows = { first: 0, end: height };
    return horizontal === undefined ? data : horizontalPass(data, image.width, rows, horizontal, width);
  }
  if (horizontal !== undefined) {
    data = horizontalPass(data, image.width, usedRows(image.height, vertical), horizontal, width);
  }
  return vertical === undefined ? data : verticalPass(data, width * 3, vertical);
}

/** Rows that the vertical pass reads: the horizontal pass leaves the others alone, as Pillow's does. */
function usedRows(height: number, vertical: Coefficients | undefined): { first: number; end: number } {
  if (vertical === undefined) return { first: 0, end: height };
  const { bounds } = vertical;
  return { first: at(bounds, 0), end: at(bounds, bounds.length - 2) + at(bounds, bounds.length - 1) };
}

function horizontalPass(
  data: Uint8Array,
  inputWidth: number,
  rows: { first: number; end: number },
  { bounds, fixed, taps }: Coefficients,
  width: number,
): Uint8Array {
  const result = new Uint8Array(rows.end * width * 3);
  for (let y = rows.first; y < rows.end; y++) {
    const row = y * inputWidth * 3;
    let target = y * width * 3;
    for (let x = 0; x < width; x++) {
      const source = row + at(bounds, x * 2) * 3;
      const end = x * taps + at(bounds, x * 2 + 1);
      let red = ROUND;
      let green = ROUND;
      let blue = ROUND;
      for (let tap = x * taps, pixel = source; tap < end; tap++, pixel += 3) {
        const coefficient = fixed[tap] as number;
        red = (red + (data[pixel] as number) * coefficient) | 0;
        green = (green + (data[pixel + 1] as number) * coefficient) | 0;
        blue = (blue + (data[pixel + 2] as number) * coefficient) | 0;
      }
      result[target++] = clip(red);
      result[target++] = clip(green);
      result[target++] = clip(blue);
    }
  }
  return result;
}

function verticalPass(data: Uint8Array, stride: number, { bounds, fixed, taps }: Coefficients): Uint8Array {
  const height = bounds.length / 2;
  const result = new Uint8Array(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const first = at(bounds, y * 2);
    const count = at(bounds, y * 2 + 1);
    sums.fill(ROUND);
    for (let tap = 0; tap < count; tap++) {
      const coefficient = fixed[y * taps + tap] as number;
      const source = (first + tap) * stride;
      for (let x = 0; x < stride; x++) {
        sums[x] = (sums[x] as number) + (data[source + x] as number) * coefficient;
      }
    }
    for (let x = 0; x < stride; x++) result[y * stride + x] = clip(at(sums, x));
  }
  return result;
}

/** One half, so that the shift that follows rounds. */
const ROUND = 1 << (PRECISION_BITS - 1);

function clip(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : Math.min(value, 255);
}

/** An element that the loop's bounds hold inside the array. */
function at(array: Int32Array, index: number): number {
  return array[index] as number;
}
