/** Pillow's filters that blend neighbours; "nearest" has no coefficients. */
export const PILLOW_FILTERS = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const satisfies Record<string, PillowFilter>;

interface PillowFilter {
  /** Half width of the filter, in pixels of the larger of the two pictures. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

export type PillowFilterName = keyof typeof PILLOW_FILTERS;

/** Bits after the point of a fixed-point coefficient: 32, less 8 of the pixel and 2 of head room. */
export const PRECISION_BITS = 22;

/** One axis of a resize: `inputSize` pixels, of which `length` from `start` on are stretched to `outputSize`. */
export interface AxisGeometry {
  readonly inputSize: number;
  readonly start: number;
  readonly length: number;
  readonly outputSize: number;
}

/** Which input pixels make an output pixel, and with what weights. */
export interface Coefficients {
  /** [outputSize, 2]: first input pixel, number of input pixels (taps). */
  readonly bounds: Int32Array;
  /** [outputSize, taps]: 22-bit fixed point; a row is filled up with zeros. */
  readonly fixed: Int32Array;
  /** Length of a row of `fixed`; a multiple of 4, for the kernel's sake. */
  readonly taps: number;
}

/**
 * The coefficients of one axis, rounded as Pillow rounds them.
 * Pixels outside of start … start + length, where there are any, take part as they do for `Image.resize(box=…)`.
 *
 * @see Pillow 13 `src/libImaging/Resample.c`, precompute_coeffs and normalize_coeffs_8bpc
 */
export function pillowCoefficients(filterName: PillowFilterName, axis: AxisGeometry): Coefficients {
  const { support: filterSupport, weight }: PillowFilter = PILLOW_FILTERS[filterName];
  const { inputSize, start, length, outputSize } = axis;
  const scale = length / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = filterSupport * filterScale;
  const inverseScale = 1 / filterScale;
  const taps = Math.ceil((Math.ceil(support) * 2 + 1) / 4) * 4;
  const bounds = new Int32Array(outputSize * 2);
  const fixed = new Int32Array(outputSize * taps);
  const weights = new Float64Array(taps);
  for (let output = 0; output < outputSize; output++) {
    const center = start + (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const value = weight((tap + first - center + 0.5) * inverseScale);
      weights[tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < count; tap++) {
      const value = (weights[tap] ?? 0) / (sum === 0 ? 1 : sum);
      fixed[output * taps + tap] = Math.trunc((value < 0 ? -0.5 : 0.5) + value * 2 ** PRECISION_BITS);
    }
    bounds[output * 2] = first;
    bounds[output * 2 + 1] = count;
  }
  return { bounds, fixed, taps };
}

/** 0.54 and 0.46 as C floats, as in Pillow. */
const HAMMING_A = Math.fround(0.54);
const HAMMING_B = Math.fround(0.46);

function hamming(x: number): number {
  const distance = Math.abs(x);
  if (distance === 0) return 1;
  if (distance >= 1) return 0;
  const angle = distance * Math.PI;
  return (Math.sin(angle) / angle) * (HAMMING_A + HAMMING_B * Math.cos(angle));
}

function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
