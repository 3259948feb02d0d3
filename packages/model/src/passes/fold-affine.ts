import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import type { Value } from "../graph/value.ts";
import { absorbAfter, absorbBefore, type Weights, weightsIn } from "./absorb-affine.ts";
import { type Affine, affineOf, at, batchNormAffine, composeAffine, isUnit, isZero } from "./affine.ts";

/** A value that is an affine map of another one. */
interface Chain {
  readonly base: Value;
  readonly affine: Affine;
  /** Nothing but the chain uses the base, so that the base's weights may change. */
  readonly ownsBase: boolean;
  /** The chain has become part of the weights that make its base. */
  readonly absorbed: boolean;
  readonly steps: number;
}

/**
 * Folds batch norms, biases and scalings, which all are x · scale + shift per channel, into the weights of the
 * convolution or matrix product before them, or of the convolution after them where its padding allows that.
 * Chains that neither takes become one op. All of it is computed in float64 and rounded once.
 */
export function foldAffine(graph: Graph): Graph {
  const chains = new Map<string, Chain>();
  const scaled = new Map<string, Value>();
  return rewrite(graph, (node, builder) => {
    const weights = weightsIn(builder, scaled);
    const step = affineStep(node);
    if (!step) return absorbChainBefore(node, weights, chains);
    const x = node.inputs[step.operand];
    if (!x) return null;
    const chain = extended(x, step.affine, {
      earlier: chains.get(x.name),
      own: node.isOnlyUse(step.operand),
    });
    const absorbed = chain.ownsBase ? absorbAfter(weights, chain.base, chain.affine) : null;
    const value = absorbed ?? emitChain(builder, node, chain);
    chains.set(value.name, { ...chain, absorbed: absorbed !== null });
    return [value];
  });
}

function affineStep(node: BoundNode): { readonly operand: number; readonly affine: Affine } | null {
  if (node.op !== "BatchNormalization") return affineOf(node.op, node.inputs);
  const affine = batchNormAffine(node.inputs, Number(node.attributes.epsilon));
  return affine && { operand: 0, affine };
}

interface Before {
  readonly earlier: Chain | undefined;
  readonly own: boolean;
}

function extended(x: Value, affine: Affine, { earlier, own }: Before): Chain {
  const composed = own && earlier ? composeAffine(earlier.affine, affine) : null;
  if (!earlier || !composed) return { base: x, affine, ownsBase: own, absorbed: false, steps: 1 };
  return { ...earlier, affine: composed, steps: earlier.steps + 1 };
}

/** A convolution on a chain that is not yet part of anything. */
function absorbChainBefore(
  node: BoundNode,
  weights: Weights,
  chains: ReadonlyMap<string, Chain>,
): readonly Value[] | null {
  const chain = chains.get(node.inputs[0]?.name ?? "");
  if (node.op !== "Conv" || !chain || chain.absorbed || !node.isOnlyUse(0)) return null;
  const value = absorbBefore(weights, node, chain);
  return value && [value];
}

/** The shortest op or ops for a chain that no weights took. */
function emitChain(builder: GraphBuilder, node: BoundNode, { base, affine, steps }: Chain): Value {
  if (steps === 1 && node.op !== "BatchNormalization")
    return builder.emit(node.op, node.inputs, node.attributes);
  const { axis, scale, shift } = affine;
  const rank = base.shape?.length ?? 0;
  const channels = axis === null ? 1 : Number(base.shape?.[axis]);
  const filled = (values: Float64Array): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) => at(values, c));
  const vector = (data: Float32Array): Value =>
    builder.constant({ dataType: "float32", shape: [channels], data });
  if (axis === 1 && rank > 2 && !isUnit(scale) && !isZero(shift)) {
    const [zeros, ones] = [new Float32Array(channels), new Float32Array(channels).fill(1)];
    const inputs = [base, vector(filled(scale)), vector(filled(shift)), vector(zeros), vector(ones)];
    return builder.emit("BatchNormalization", inputs, { epsilon: 0 });
  }
  const shape = axis === null ? [] : [channels, ...new Array<number>(rank - axis - 1).fill(1)];
  const operand = (values: Float64Array): Value =>
    builder.constant({ dataType: "float32", shape, data: filled(values) });
  const product = isUnit(scale) ? base : builder.emit("Mul", [base, operand(scale)]);
  return isZero(shift) ? product : builder.emit("Add", [product, operand(shift)]);
}
