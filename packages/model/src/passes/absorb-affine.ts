import type { GraphBuilder, Producer } from "../graph/graph-builder.ts";
import { numberOr, numbersOr } from "../graph/ops/onnx-op.ts";
import { elementCount } from "../graph/tensor-numbers.ts";
import type { Value } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import { type Affine, at, filled, isUnit, isZero } from "./affine.ts";

/** Makes constants of a graph being built; weights that were scaled before are found again. */
export interface Weights {
  readonly builder: GraphBuilder;
  /** `weights` times a scale for each index along `axis`. */
  scaled(weights: Value, axis: number, scale: Float64Array): Value;
  vector(values: Float64Array): Value;
}

const identities = new WeakMap<Float64Array, number>();
let lastIdentity = 0;

/** A number for an array object: scales that are the same object scale alike. */
function identityOf(scale: Float64Array): number {
  const known = identities.get(scale) ?? ++lastIdentity;
  identities.set(scale, known);
  return known;
}

export function weightsIn(builder: GraphBuilder, cache: Map<string, Value>): Weights {
  return {
    builder,
    scaled: (weights, axis, scale) => {
      if (isUnit(scale) || !weights.constant) return weights;
      const key = `${weights.name}/${axis}/${identityOf(scale)}`;
      const made =
        cache.get(key) ??
        builder.constant(scaledAlong(weights.constant, axis, scale), `${weights.name}/scaled`);
      cache.set(key, made);
      return made;
    },
    vector: (values) =>
      builder.constant({ dataType: "float32", shape: [values.length], data: Float32Array.from(values) }),
  };
}

function scaledAlong(weights: Tensor, axis: number, scale: Float64Array): Tensor {
  const source = weights.data as Float32Array;
  const inner = elementCount(weights.shape.slice(axis + 1));
  const size = weights.shape[axis] ?? 1;
  const factors = filled(size, (index) => at(scale, index));
  const data = new Float32Array(source.length);
  for (let index = 0; index < source.length; ) {
    for (let row = 0; row < size; row++) {
      const factor = factors[row] as number;
      for (const end = index + inner; index < end; index++) data[index] = (source[index] as number) * factor;
    }
  }
  return { dataType: "float32", shape: weights.shape, data };
}

const constantFloats = (value: Value | null | undefined): Float32Array | null =>
  value?.constant?.dataType === "float32" ? (value.constant.data as Float32Array) : null;

/** The product with `affine` after it as one op with other weights; null when the op that makes `base` has none. */
export function absorbAfter(weights: Weights, base: Value, affine: Affine): Value | null {
  const producer = weights.builder.producer(base);
  if (!producer || !constantFloats(producer.inputs[1])) return null;
  return absorbers[producer.op]?.(weights, producer, affine) ?? null;
}

type Absorb = (weights: Weights, producer: Producer, affine: Affine) => Value | null;

/** The bias after an affine map: float64 [channels]; null when it is zero. */
function mappedBias(
  bias: Value | null | undefined,
  channels: number,
  { scale, shift }: Affine,
): Float64Array | null {
  const old = constantFloats(bias);
  const mapped = filled(channels, (c) => (old?.[c] ?? 0) * at(scale, c) + at(shift, c));
  return isZero(mapped) ? null : mapped;
}

/** Convolutions: outputs stand along `axis` of the weights. */
const convolution =
  (axis: 0 | 1): Absorb =>
  (weights, { op, inputs, attributes }, affine) => {
    const [x, kernel, bias] = inputs;
    if (!x || !kernel?.constant || (affine.axis ?? 1) !== 1 || (bias && !bias.constant)) return null;
    if (axis === 1 && numberOr(attributes, "group", 1) !== 1) return null;
    const mapped = mappedBias(bias, kernel.constant.shape[axis] ?? 1, affine);
    const scaled = weights.scaled(kernel, axis, affine.scale);
    return weights.builder.emit(op, [x, scaled, ...(mapped ? [weights.vector(mapped)] : [])], attributes);
  };

/** Matrix products: a Gemm where x is a matrix, otherwise a product and an Add. */
const matMul: Absorb = (weights, { inputs }, affine) => {
  const [x, matrix] = inputs;
  const rank = x?.shape?.length ?? 0;
  if (!x || matrix?.constant?.shape.length !== 2 || rank < 2 || (affine.axis ?? rank - 1) !== rank - 1)
    return null;
  const scaled = weights.scaled(matrix, 1, affine.scale);
  const bias = mappedBias(null, matrix.constant.shape[1] ?? 1, affine);
  if (!bias) return weights.builder.emit("MatMul", [x, scaled]);
  if (rank === 2) return weights.builder.emit("Gemm", [x, scaled, weights.vector(bias)], GEMM);
  return weights.builder.emit("Add", [weights.builder.emit("MatMul", [x, scaled]), weights.vector(bias)]);
};

const GEMM = { alpha: 1, beta: 1, transA: 0, transB: 0 };

const gemm: Absorb = (weights, { inputs, attributes }, affine) => {
  const [x, matrix, bias] = inputs;
  if (!x || !matrix?.constant || (affine.axis ?? 1) !== 1 || (bias && bias.constant?.shape.length !== 1))
    return null;
  const axis = numberOr(attributes, "transB", 0) === 1 ? 0 : 1;
  const mapped = mappedBias(bias, matrix.constant.shape[axis] ?? 1, affine);
  const scaled = weights.scaled(matrix, axis, affine.scale);
  return weights.builder.emit("Gemm", [x, scaled, ...(mapped ? [weights.vector(mapped)] : [])], attributes);
};

const absorbers: Readonly<Record<string, Absorb>> = {
  Conv: convolution(0),
  ConvTranspose: convolution(1),
  Gemm: gemm,
  MatMul: matMul,
};

interface Convolution {
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Producer["attributes"];
}

/**
 * A convolution of x · scale + shift as a convolution of x. A shift passes only where nothing is padded: the zeros
 * around the input stand for shifted values, not for values to be shifted.
 */
export function absorbBefore(
  weights: Weights,
  { inputs, attributes }: Convolution,
  { base, affine }: { readonly base: Value; readonly affine: Affine },
): Value | null {
  const [, kernel, bias] = inputs;
  const floats = constantFloats(kernel);
  const padded =
    attributes.auto_pad !== undefined || numbersOr(attributes, "pads", []).some((pad) => pad !== 0);
  if (!kernel?.constant || !floats || (affine.axis ?? 1) !== 1 || (bias && !bias.constant)) return null;
  if (padded && !isZero(affine.shift)) return null;
  const [outputs = 1, channels = 1, ...space] = kernel.constant.shape;
  const inner = elementCount(space);
  const perGroup = outputs / numberOr(attributes, "group", 1);
  const data = new Float32Array(floats.length);
  const shifts = new Float64Array(outputs);
  const old = constantFloats(bias);
  for (let output = 0; output < outputs; output++) {
    let sum = old?.[output] ?? 0;
    for (let channel = 0; channel < channels; channel++) {
      const input = Math.floor(output / perGroup) * channels + channel;
      const [factor, shift] = [at(affine.scale, input), at(affine.shift, input)];
      const start = (output * channels + channel) * inner;
      for (let index = start; index < start + inner; index++) {
        const weight = floats[index] ?? 0;
        sum += weight * shift;
        data[index] = weight * factor;
      }
    }
    shifts[output] = sum;
  }
  const tensor: Tensor = { dataType: "float32", shape: kernel.constant.shape, data };
  const folded = weights.builder.constant(tensor, `${kernel.name}/scaled`);
  const withBias = isZero(shifts) ? [] : [weights.vector(shifts)];
  return weights.builder.emit("Conv", [base, folded, ...withBias], attributes);
}
