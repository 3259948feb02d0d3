import { FieldmarkError } from "@fieldmark/contract";
import type { RgbImage } from "../rgb-image.ts";
import { type Span, TENSORFLOW_METHODS } from "./tensorflow-spans.ts";

/** A picture whose values (0 to 255) are not whole numbers. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  /** float32 [height, width, 3], row-major. */
  readonly data: Float32Array;
}

/** The methods of tf.image.resize that are reproduced; "-antialias": antialias=True. */
export type TensorflowMethod = keyof typeof TENSORFLOW_METHODS;

/**
 * `tf.image.resize(image, [height, width], method, antialias=…)` of TensorFlow 2: half-pixel centres, float32
 * results (within 1e-3 of 255; bicubic overshoots below 0 and above 255, as there).
 *
 * @param image uint8 [height, width, 3]
 * @throws IMAGE_TOO_LARGE for sides of more than a million pixels
 * @see TensorFlow 2 `resize_bilinear_op.cc`, `resize_bicubic_op.cc`, `resize_nearest_neighbor_op.cc`,
 * `scale_and_translate_op.cc`
 */
export function resizeLikeTensorflow(
  image: RgbImage,
  options: { readonly width: number; readonly height: number; readonly method: TensorflowMethod },
): FloatImage {
  const { width, height, method } = options;
  refuseHuge(image, width);
  const columns = pack(TENSORFLOW_METHODS[method](image.width, width));
  const rows = pack(TENSORFLOW_METHODS[method](image.height, height));
  return { width, height, data: verticalPass(horizontalPass(image, columns, rows), rows, width * 3) };
}

/** Pixels between the two passes (768 MiB), and of a side whose spans are tabulated. */
const MOST_PIXELS = 2 ** 26;
const LONGEST_SIDE = 2 ** 20;

function refuseHuge(image: RgbImage, width: number): void {
  const fits = image.height * width <= MOST_PIXELS && Math.max(image.height, image.width) <= LONGEST_SIDE;
  if (fits) return;
  throw new FieldmarkError(
    "IMAGE_TOO_LARGE",
    `a picture of ${image.width} × ${image.height} is to be ${width} wide, expected height × new width of at most ` +
      `${MOST_PIXELS} and sides of at most ${LONGEST_SIDE} for TensorFlow's filters`,
  );
}

/** The spans of one axis, one after another. */
interface PackedSpans {
  /** First input pixel of each output pixel. */
  readonly firsts: Int32Array;
  /** Where the weights of each output pixel begin; one more for the end. */
  readonly starts: Int32Array;
  readonly weights: Float64Array;
}

function pack(spans: readonly Span[]): PackedSpans {
  const starts = new Int32Array(spans.length + 1);
  spans.forEach(({ weights }, index) => {
    starts[index + 1] = at(starts, index) + weights.length;
  });
  const weights = new Float64Array(starts.at(-1) ?? 0);
  spans.forEach((span, index) => {
    weights.set(span.weights, at(starts, index));
  });
  return { firsts: Int32Array.from(spans, ({ first }) => first), starts, weights };
}

/** Every row that the vertical pass reads, shrunk or stretched to the new width; the others stay zero. */
function horizontalPass(image: RgbImage, columns: PackedSpans, rows: PackedSpans): Float32Array {
  const { data } = image;
  const { firsts, starts, weights } = columns;
  const width = firsts.length;
  const result = new Float32Array(image.height * width * 3);
  const used = usedRows(image.height, rows);
  for (let y = 0; y < image.height; y++) {
    if (at(used, y) === 0) continue;
    let target = y * width * 3;
    for (let x = 0; x < width; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let pixel = (y * image.width + at(firsts, x)) * 3;
      const end = at(starts, x + 1);
      for (let tap = at(starts, x); tap < end; tap++) {
        const weight = weights[tap] as number;
        red += weight * (data[pixel] as number);
        green += weight * (data[pixel + 1] as number);
        blue += weight * (data[pixel + 2] as number);
        pixel += 3;
      }
      result[target++] = red;
      result[target++] = green;
      result[target++] = blue;
    }
  }
  return result;
}

function usedRows(height: number, { firsts, starts }: PackedSpans): Uint8Array {
  const used = new Uint8Array(height);
  firsts.forEach((first, y) => {
    used.fill(1, first, first + at(starts, y + 1) - at(starts, y));
  });
  return used;
}

function verticalPass(
  data: Float32Array,
  { firsts, starts, weights }: PackedSpans,
  stride: number,
): Float32Array {
  const result = new Float32Array(firsts.length * stride);
  const sums = new Float64Array(stride);
  firsts.forEach((first, y) => {
    sums.fill(0);
    let source = first * stride;
    for (let tap = at(starts, y); tap < at(starts, y + 1); tap++) {
      const weight = weights[tap] as number;
      for (let x = 0; x < stride; x++) {
        sums[x] = (sums[x] as number) + weight * (data[source + x] as number);
      }
      source += stride;
    }
    result.set(sums, y * stride);
  });
  return result;
}

/** An element that the loop's bounds hold inside the array. */
function at(array: Int32Array | Uint8Array, index: number): number {
  return array[index] as number;
}
