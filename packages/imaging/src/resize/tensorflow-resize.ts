import type { RgbImage } from "../rgb-image.ts";

/** A picture whose values (0 to 255) are not whole numbers. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  /** float32 [height, width, 3], row-major. */
  readonly data: Float32Array;
}

export type TensorflowMethod =
  | "nearest"
  | "bilinear"
  | "bicubic"
  | "bilinear-antialias"
  | "bicubic-antialias";

/**
 * `tf.image.resize(image, [height, width], method, antialias=…)` of TensorFlow 2: half-pixel centres, float32 results
 * (within 1e-3 of 255; bicubic overshoots below 0 and above 255, as there).
 *
 * @see TensorFlow 2 `resize_bilinear_op.cc`, `resize_bicubic_op.cc`, `resize_nearest_neighbor_op.cc`,
 * `scale_and_translate_op.cc`
 */
export function resizeLikeTensorflow(
  image: RgbImage,
  {
    width,
    height,
    method,
  }: { readonly width: number; readonly height: number; readonly method: TensorflowMethod },
): FloatImage {
  const columns = METHODS[method](image.width, width);
  const rows = METHODS[method](image.height, height);
  const stride = width * 3;
  const shrunk = new Float32Array(image.height * stride);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const span = columns[x] as Span;
      let [red, green, blue] = [0, 0, 0];
      let pixel = (y * image.width + span.first) * 3;
      for (const weight of span.weights) {
        red += weight * (image.data[pixel] as number);
        green += weight * (image.data[pixel + 1] as number);
        blue += weight * (image.data[pixel + 2] as number);
        pixel += 3;
      }
      shrunk.set([red, green, blue], y * stride + x * 3);
    }
  }
  const data = new Float32Array(height * stride);
  const sums = new Float64Array(stride);
  rows.forEach(({ first, weights }, y) => {
    sums.fill(0);
    weights.forEach((weight, tap) => {
      const source = (first + tap) * stride;
      for (let x = 0; x < stride; x++)
        sums[x] = (sums[x] as number) + weight * (shrunk[source + x] as number);
    });
    data.set(sums, y * stride);
  });
  return { width, height, data };
}

/** The input pixels, one after another, that make an output pixel. */
interface Span {
  readonly first: number;
  readonly weights: readonly number[];
}

type SpanMaker = (inputSize: number, outputSize: number) => readonly Span[];

const { fround } = Math;

const METHODS: Record<TensorflowMethod, SpanMaker> = {
  nearest: eachOutput(({ inputSize, scale, output }) => {
    const position = Math.floor(fround(fround(output + 0.5) * scale));
    return { first: Math.min(position, inputSize - 1), weights: [1] };
  }),
  bilinear: eachOutput(({ inputSize, scale, output }) => {
    const position = halfPixelPosition(output, scale);
    const lower = Math.max(Math.floor(position), 0);
    const upper = Math.min(Math.ceil(position), inputSize - 1);
    const share = fround(position - Math.floor(position));
    return upper > lower ? { first: lower, weights: [1 - share, share] } : { first: lower, weights: [1] };
  }),
  bicubic: eachOutput(keysFourTaps),
  "bilinear-antialias": spans({ radius: 1, weight: (x) => Math.max(0, 1 - x) }),
  "bicubic-antialias": spans({ radius: 2, weight: keysCubic }),
};

interface OutputPixel {
  readonly inputSize: number;
  /** Input pixels for each output pixel, float32. */
  readonly scale: number;
  readonly output: number;
}

function eachOutput(span: (pixel: OutputPixel) => Span): SpanMaker {
  return (inputSize, outputSize) => {
    const scale = fround(inputSize / outputSize);
    return Array.from({ length: outputSize }, (_, output) => span({ inputSize, scale, output }));
  };
}

function halfPixelPosition(output: number, scale: number): number {
  return fround(fround(fround(output + 0.5) * scale) - 0.5);
}

/** TensorFlow looks cubic weights up at positions rounded to 1/1024 of a pixel. */
const CUBIC_STEPS = 1024;

function keysFourTaps({ inputSize, scale, output }: OutputPixel): Span {
  const position = halfPixelPosition(output, scale);
  const pixel = Math.floor(position);
  const share = roundHalfToEven(fround(position - pixel) * CUBIC_STEPS) / CUBIC_STEPS;
  const distances = [1 + share, share, 1 - share, 2 - share];
  const first = Math.max(0, pixel - 1);
  const last = Math.min(inputSize - 1, pixel + 2);
  return { first, weights: normalised(distances.slice(first - pixel + 1, last - pixel + 2).map(keysCubic)) };
}

/** Keys' cubic with a = −0.5, at a distance x ≥ 0. */
function keysCubic(x: number): number {
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return (1.5 * x - 2.5) * x * x + 1;
}

/** Kernels that widen when a picture shrinks: tf.raw_ops.ScaleAndTranslate. */
function spans({ radius, weight }: { radius: number; weight: (x: number) => number }): SpanMaker {
  return (inputSize, outputSize) => {
    const inverseScale = fround(1 / fround(outputSize / inputSize));
    const kernelScale = Math.max(inverseScale, 1);
    const reach = fround(radius * kernelScale);
    return Array.from({ length: outputSize }, (_, output) => {
      const sample = fround((output + 0.5) * inverseScale);
      const first = clamp(Math.ceil(fround(fround(sample - reach) - 0.5)), inputSize);
      const last = clamp(Math.floor(fround(fround(sample + reach) - 0.5)), inputSize);
      const pixels = Array.from({ length: last - first + 1 }, (_, tap) => first + tap);
      return {
        first,
        weights: normalised(pixels.map((pixel) => weight(Math.abs(pixel + 0.5 - sample) / kernelScale))),
      };
    });
  };
}

function clamp(pixel: number, inputSize: number): number {
  return Math.min(Math.max(pixel, 0), inputSize - 1);
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Math.abs(sum) < 1e-35 ? weights : weights.map((weight) => weight / sum);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
