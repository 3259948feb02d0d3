/** The input pixels, one after another, that make an output pixel. */
export interface Span {
  readonly first: number;
  readonly weights: readonly number[];
}

type SpanMaker = (inputSize: number, outputSize: number) => readonly Span[];

const { fround } = Math;

/** For one axis of each method of tf.image.resize: what each output pixel is made of. */
export const TENSORFLOW_METHODS = {
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
} as const satisfies Record<string, SpanMaker>;

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
