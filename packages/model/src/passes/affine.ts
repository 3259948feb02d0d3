import { elementCount, numbersOf } from "../graph/tensor-numbers.ts";
import { constantNumbers, type Value } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";

/**
 * x · scale + shift along one axis, in float64. Arrays have one element for each channel, or a single one for all.
 */
export interface Affine {
  /** Axis of the channels, from the front; null when both arrays have a single element. */
  readonly axis: number | null;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

const ONE = Float64Array.of(1);
const ZERO = Float64Array.of(0);

export const isUnit = (scale: Float64Array): boolean => scale.every((value) => value === 1);
export const isZero = (shift: Float64Array): boolean => shift.every((value) => value === 0);

/** Element `channel` of an array that has one for each channel, or one for all. */
export const at = (values: Float64Array, channel: number): number =>
  (values.length === 1 ? values[0] : values[channel]) ?? 0;

/** A constant operand as numbers along one axis of a result of the given rank; null when it varies along several. */
function alongOneAxis(
  constant: Tensor | null,
  rank: number,
): { readonly axis: number | null; readonly numbers: Float64Array } | null {
  if (constant?.dataType !== "float32" || constant.shape.length > rank) return null;
  const large = constant.shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const numbers = numbersOf(constant);
  if (large.length > 1 || !numbers || elementCount(constant.shape) === 0) return null;
  const [axis] = large;
  const fromFront = axis === undefined ? null : axis + rank - constant.shape.length;
  return { axis: fromFront, numbers: Float64Array.from(numbers) };
}

/** What an elementwise op does to its other operand when one operand is a constant; null when it is not affine. */
export function affineOf(
  op: string,
  inputs: readonly (Value | null)[],
): { readonly operand: 0 | 1; readonly affine: Affine } | null {
  const map = maps[op];
  const [a, b] = inputs;
  if (!map || !a || !b || (!a.constant && !b.constant) || a.dataType !== "float32") return null;
  const operand = a.constant ? 1 : 0;
  const [x, constant] = operand === 1 ? [b, a.constant] : [a, b.constant];
  const rank = x.shape?.length;
  if (rank === undefined || x.constant) return null;
  const along = alongOneAxis(constant, rank);
  if (!along) return null;
  const { axis, numbers } = along;
  const size = axis === null ? 1 : x.shape?.[axis];
  // A constant that widens the operand is no affine map of it.
  if (size !== numbers.length && axis !== null) return null;
  const made = map(numbers, operand);
  return made ? { operand, affine: { axis, ...made } } : null;
}

type Map = (
  numbers: Float64Array,
  operand: 0 | 1,
) => { readonly scale: Float64Array; readonly shift: Float64Array } | null;

const maps: Readonly<Record<string, Map>> = {
  Add: (shift) => ({ scale: ONE, shift }),
  Mul: (scale) => ({ scale, shift: ZERO }),
  Sub: (numbers, operand) =>
    operand === 0
      ? { scale: ONE, shift: numbers.map((x) => -x) }
      : { scale: Float64Array.of(-1), shift: numbers },
  Div: (numbers, operand) => (operand === 0 ? { scale: numbers.map((x) => 1 / x), shift: ZERO } : null),
};

/** Inputs x, scale, offset, mean, variance; the sum under the root is taken in float64. */
export function batchNormAffine(inputs: readonly (Value | null)[], epsilon: number): Affine | null {
  const [gamma, beta, mean, variance] = inputs.slice(1).map(constantNumbers);
  const channels = inputs[0]?.shape?.[1];
  if (!gamma || !beta || !mean || !variance || typeof channels !== "number") return null;
  if ([gamma, beta, mean, variance].some(({ length }) => length !== channels)) return null;
  const scale = filled(channels, (c) => (gamma[c] ?? 0) / Math.sqrt((variance[c] ?? 0) + epsilon));
  const shift = filled(channels, (c) => (beta[c] ?? 0) - (mean[c] ?? 0) * (scale[c] ?? 0));
  return { axis: 1, scale, shift };
}

/** First `inner`, then `outer`; null when they run along different axes. */
export function composeAffine(inner: Affine, outer: Affine): Affine | null {
  const axis = inner.axis ?? outer.axis;
  if (inner.axis !== null && outer.axis !== null && inner.axis !== outer.axis) return null;
  return {
    axis,
    scale: multiply(inner.scale, outer.scale),
    shift: add(multiply(inner.shift, outer.scale), outer.shift),
  };
}

/** Neutral arrays pass the other one on as it is, so that equal scales stay the same object. */
function multiply(a: Float64Array, b: Float64Array): Float64Array {
  if (a === ONE || b === ZERO) return b;
  if (b === ONE || a === ZERO) return a;
  return zip(a, b, (x, y) => x * y);
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  if (a === ZERO) return b;
  return b === ZERO ? a : zip(a, b, (x, y) => x + y);
}

const zip = (a: Float64Array, b: Float64Array, combine: (x: number, y: number) => number): Float64Array =>
  filled(Math.max(a.length, b.length), (channel) => combine(at(a, channel), at(b, channel)));

/** An array by its indices; a plain loop, since `from` takes a hundred times as long. */
export function filled(length: number, valueAt: (index: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let index = 0; index < length; index++) values[index] = valueAt(index);
  return values;
}
