import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { madeBy, orders } from "../graph/producers.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import { elementCount } from "../graph/tensor-numbers.ts";
import { constantNumbers, constantScalar, type Value } from "../graph/value.ts";

/** x · scale + shift, where the scale is gain ÷ deviation and the shift is bias − mean · scale. */
interface Parts {
  readonly x: Value;
  readonly mean: Value;
  readonly gain: Value | null;
  readonly bias: Value | null;
  readonly epsilon: number;
  /** The first axis that is normalised; all after it are too. */
  readonly axis: number;
}

/** Makes one LayerNormalization of the nine or so ops that Keras' layer comes to. */
export function fuseLayerNorm(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, builder) => {
      const parts = matchLayerNorm(node, builder);
      return parts && emitLayerNorm(builder, parts);
    },
    ["ReduceMean", "Reciprocal"],
  );
}

function matchLayerNorm(node: BoundNode, builder: GraphBuilder): Parts | null {
  if (node.op !== "Add") return null;
  for (const [product, shift] of orders(node.inputs)) {
    for (const [x, scale] of orders(madeBy(builder, "Mul", product))) {
      const normal = matchScale(builder, x, scale);
      const bias = normal && matchShift(builder, shift, { mean: normal.mean, scale });
      if (normal && bias) return { ...normal, x, bias: bias.value };
    }
  }
  return null;
}

/** gain ÷ √(variance of x + epsilon) */
function matchScale(builder: GraphBuilder, x: Value, scale: Value): Omit<Parts, "bias" | "x"> | null {
  const candidates = [[scale, null] as const, ...orders(madeBy(builder, "Mul", scale))];
  for (const [inverse, gain] of candidates) {
    if (gain && !gain.constant) continue;
    const [root] = madeBy(builder, "Reciprocal", inverse) ?? [];
    const [sum] = madeBy(builder, "Sqrt", root) ?? [];
    for (const [variance, small] of orders(madeBy(builder, "Add", sum))) {
      const epsilon = constantScalar(small);
      const moments = epsilon === null ? null : matchVariance(builder, x, variance);
      if (epsilon !== null && moments) return { ...moments, gain, epsilon };
    }
  }
  return null;
}

/** The mean of (x − mean of x)², both over all axes from some axis on. */
function matchVariance(
  builder: GraphBuilder,
  x: Value,
  variance: Value,
): { mean: Value; axis: number } | null {
  const [squares, axes] = madeBy(builder, "ReduceMean", variance) ?? [];
  const [a, b] = madeBy(builder, "Mul", squares) ?? [];
  const [minuend, mean] = a === b ? (madeBy(builder, "Sub", a) ?? []) : [];
  const [source, sameAxes] = madeBy(builder, "ReduceMean", mean) ?? [];
  const reduced = constantNumbers(axes);
  const rank = x.shape?.length ?? 0;
  if (
    minuend !== x ||
    source !== x ||
    !mean ||
    !reduced ||
    constantNumbers(sameAxes)?.join() !== reduced.join()
  )
    return null;
  if (mean.shape?.length !== rank || variance.shape?.length !== rank) return null;
  const axis = rank - reduced.length;
  return reduced.every((reducedAxis, index) => reducedAxis === axis + index) ? { mean, axis } : null;
}

/** bias − mean · scale, in the ways that Keras 2 and 3 write it. */
function matchShift(
  builder: GraphBuilder,
  shift: Value,
  { mean, scale }: { readonly mean: Value; readonly scale: Value },
): { readonly value: Value | null } | null {
  const isProduct = (value: Value | null | undefined, factor: (candidate: Value) => boolean): boolean =>
    orders(madeBy(builder, "Mul", value)).some(([left, right]) => factor(left) && right === scale);
  const isMean = (value: Value): boolean => value === mean;
  const isNegated = (value: Value): boolean => madeBy(builder, "Neg", value)?.[0] === mean;
  const [bias, taken] = madeBy(builder, "Sub", shift) ?? [];
  if (bias?.constant && isProduct(taken, isMean)) return { value: bias };
  if (isProduct(shift, isNegated)) return { value: null };
  for (const [negative, added] of orders(madeBy(builder, "Add", shift))) {
    if (added.constant && isProduct(negative, isNegated)) return { value: added };
  }
  return null;
}

function emitLayerNorm(builder: GraphBuilder, parts: Parts): readonly Value[] | null {
  const { x, axis, epsilon } = parts;
  const shape = x.shape?.slice(axis) ?? [];
  if (!shape.every((size) => typeof size === "number")) return null;
  const sizes = shape as readonly number[];
  const count = elementCount(sizes);
  const vector = (value: Value | null, fallback: number): Value | null => {
    if (!value) {
      const data = new Float32Array(count).fill(fallback);
      return builder.constant({ dataType: "float32", shape: sizes, data });
    }
    const { constant } = value;
    if (constant?.dataType !== "float32" || elementCount(constant.shape) !== count) return null;
    return builder.constant({ ...constant, shape: sizes }, value.name);
  };
  const [gain, bias] = [vector(parts.gain, 1), vector(parts.bias, 0)];
  return gain && bias && [builder.emit("LayerNormalization", [x, gain, bias], { axis, epsilon })];
}
