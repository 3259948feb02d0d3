/** Weights of every input position for every output position along one axis: row-major [outputs, inputs]. */
export type ResizeWeights = Float32Array;

const single = Math.fround;

/** How output positions map to input positions, in TensorFlow's three conventions; float32 as there. */
export interface Grid {
  readonly inputs: number;
  readonly outputs: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

const scaleOf = ({ inputs, outputs, alignCorners }: Grid): number =>
  alignCorners && outputs > 1 ? single((inputs - 1) / (outputs - 1)) : single(inputs / outputs);

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Fractions of a pixel that TensorFlow's bicubic resize tells apart. */
const TABLE_SIZE = 1024;

/** Value of Keys' cubic with parameter `a` at table entry `at` of [0, 2 · TABLE_SIZE], in float32. */
function cubic(a: number, at: number): number {
  const x = at / TABLE_SIZE;
  return single(x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a);
}

/** Halves go to the even neighbour. */
const roundHalfEven = (x: number): number => {
  const down = Math.floor(x);
  return x - down < 0.5 || (x - down === 0.5 && down % 2 === 0) ? down : down + 1;
};

/**
 * ResizeBicubic: with half-pixel centers a = −0.5 and positions outside do not count, otherwise a = −0.75 and the
 * edge repeats.
 *
 * @see TensorFlow `resize_bicubic_op.cc`: the fraction is rounded to 1/1024
 */
export function bicubicWeights(grid: Grid): ResizeWeights {
  const { inputs, outputs, halfPixelCenters } = grid;
  const weights = new Float32Array(outputs * inputs);
  const scale = scaleOf(grid);
  const a = halfPixelCenters ? -0.5 : -0.75;
  for (let output = 0; output < outputs; output++) {
    const at = halfPixelCenters ? single(single(single(output + 0.5) * scale) - 0.5) : single(output * scale);
    const first = Math.floor(at);
    const offset = roundHalfEven(single(single(at - first) * TABLE_SIZE));
    const taps = [TABLE_SIZE + offset, offset, TABLE_SIZE - offset, 2 * TABLE_SIZE - offset].map(
      (entry, k) => {
        const position = first - 1 + k;
        const inside = clamp(position, 0, inputs - 1);
        return { inside, weight: halfPixelCenters && inside !== position ? 0 : cubic(a, entry) };
      },
    );
    const sum = halfPixelCenters ? taps.reduce((total, { weight }) => total + weight, 0) : 1;
    for (const { inside, weight } of taps) {
      const index = output * inputs + inside;
      weights[index] = (weights[index] ?? 0) + weight / sum;
    }
  }
  return weights;
}

/** ResizeArea: the mean over the piece of the input that an output position covers. */
export function areaWeights(grid: Grid): ResizeWeights {
  const { inputs, outputs } = grid;
  const weights = new Float32Array(outputs * inputs);
  const scale = scaleOf(grid);
  for (let output = 0; output < outputs; output++) {
    const [from, to] = [single(output * scale), single((output + 1) * scale)];
    for (let position = Math.floor(from); position < Math.ceil(to); position++) {
      const covered = Math.min(position + 1, to) - Math.max(position, from);
      const index = output * inputs + clamp(position, 0, inputs - 1);
      weights[index] = (weights[index] ?? 0) + covered / scale;
    }
  }
  return weights;
}

interface Kernel {
  readonly radius: number;
  readonly at: (x: number) => number;
}

const lanczos = (radius: number): Kernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
  },
});

/** Kernels of ScaleAndTranslate by the name TensorFlow gives them, for x ≥ 0. */
export const KERNELS: ReadonlyMap<string, Kernel> = new Map([
  ["lanczos1", lanczos(1)],
  ["lanczos3", lanczos(3)],
  ["lanczos5", lanczos(5)],
  ["gaussian", { radius: 1.5, at: (x: number) => (x >= 1.5 ? 0 : Math.exp((-x * x) / 0.5)) }],
  ["box", { radius: 1, at: (x: number) => (x < 0.5 ? 1 : x === 0.5 ? 0.5 : 0) }],
  ["triangle", { radius: 1, at: (x: number) => Math.max(0, 1 - x) }],
  [
    "keyscubic",
    {
      radius: 2,
      at: (x: number) => {
        if (x >= 2) return 0;
        return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
      },
    },
  ],
  [
    "mitchellcubic",
    {
      radius: 2,
      at: (x: number) => {
        if (x >= 2) return 0;
        const outer = (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9;
        return x >= 1 ? outer : ((7 / 6) * x - 2) * x * x + 8 / 9;
      },
    },
  ],
]);

export interface ScaleAndTranslateAxis {
  readonly inputs: number;
  readonly outputs: number;
  readonly scale: number;
  readonly translation: number;
  readonly kernel: Kernel;
  readonly antialias: boolean;
}

/**
 * ScaleAndTranslate along one axis; positions that fall outside the input stay 0.
 *
 * @see TensorFlow `scale_and_translate_op.cc`
 */
export function scaleAndTranslateWeights(axis: ScaleAndTranslateAxis): ResizeWeights {
  const { inputs, outputs, scale, translation, kernel, antialias } = axis;
  const weights = new Float32Array(outputs * inputs);
  const inverse = single(1 / scale);
  const shift = single(-inverse * translation);
  const stretch = antialias ? Math.max(inverse, 1) : 1;
  for (let output = 0; output < outputs; output++) {
    const at = single(single((output + 0.5) * inverse) + shift);
    if (at < 0 || at > inputs) continue;
    const start = clamp(Math.ceil(at - kernel.radius * stretch - 0.5), 0, inputs - 1);
    const end = clamp(Math.floor(at + kernel.radius * stretch - 0.5), 0, inputs - 1);
    let sum = 0;
    for (let position = start; position <= end; position++) {
      const weight = kernel.at(Math.abs((position + 0.5 - at) / stretch));
      weights[output * inputs + position] = weight;
      sum += weight;
    }
    if (Math.abs(sum) < 1e-35) continue;
    for (let position = start; position <= end; position++) {
      const index = output * inputs + position;
      weights[index] = (weights[index] ?? 0) / sum;
    }
  }
  return weights;
}
