import type { Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { isElementwise } from "../graph/ops/elementwise.ts";
import { numberOr } from "../graph/ops/onnx-op.ts";
import { constantNumbers, positiveAxis, type Value } from "../graph/value.ts";
import { compose, inverse, movesNothing, type Permutation, permute, type View, view } from "./permutation.ts";

/** A node whose first input is stored in another order of axes. */
interface ViewedNode {
  readonly op: string;
  readonly attributes: Node["attributes"];
  readonly outputs: number;
  /** Inputs as they are stored; null for absent ones. */
  readonly views: readonly (View | null)[];
  /** The order of the first input's axes. */
  readonly perm: Permutation;
  readonly stored: Value;
  readonly builder: GraphBuilder;
}

/** The outputs of a node computed on the stored order, or null when the node needs its own order. */
export type LayoutRule = (node: ViewedNode) => readonly View[] | null;

const others = (node: ViewedNode): readonly (Value | null)[] | null => {
  const rest = node.views.slice(1);
  return rest.every((other) => other === null || other.perm === null)
    ? rest.map((other) => other?.stored ?? null)
    : null;
};

const permAt = (perm: Permutation, axis: number): number => perm[positiveAxis(axis, perm.length)] ?? 0;

/** The permutation that is left when some axes of the stored value vanish. */
function without(perm: Permutation, storedAxes: readonly number[]): Permutation {
  const left = perm.filter((axis) => !storedAxes.includes(axis));
  return left.map((axis) => axis - storedAxes.filter((gone) => gone < axis).length);
}

const emitOn = (node: ViewedNode, inputs: readonly (Value | null)[], attributes = node.attributes) =>
  node.builder.emitAll(node.op, inputs, attributes, node.outputs);

/** The axis is an attribute, and every output has all axes. */
const axisAttribute: LayoutRule = (node) => {
  const rest = others(node);
  const axis = numberOr(node.attributes, "axis", node.op === "Softmax" || node.op === "TopK" ? -1 : 0);
  if (!rest) return null;
  const attributes = { ...node.attributes, axis: permAt(node.perm, axis) };
  return emitOn(node, [node.stored, ...rest], attributes).map((value) => view(value, node.perm));
};

/** One element of an axis, which vanishes, or several. */
const gather: LayoutRule = (node) => {
  const [indices] = others(node) ?? [];
  if (!indices?.shape || indices.shape.length > 1) return null;
  const axis = permAt(node.perm, numberOr(node.attributes, "axis", 0));
  const perm = indices.shape.length === 0 ? without(node.perm, [axis]) : node.perm;
  return emitOn(node, [node.stored, indices], { axis }).map((value) => view(value, perm));
};

const argument: LayoutRule = (node) => {
  const axis = permAt(node.perm, numberOr(node.attributes, "axis", 0));
  const keep = numberOr(node.attributes, "keepdims", 1) === 1;
  const perm = keep ? node.perm : without(node.perm, [axis]);
  return emitOn(node, [node.stored], { ...node.attributes, axis }).map((value) => view(value, perm));
};

/** Axes are the second input; they stay with size 1 or vanish. */
const reduce: LayoutRule = (node) => {
  const axes = node.views[1] ? constantNumbers(node.views[1].stored) : node.perm.map((_, axis) => axis);
  if (!axes) return null;
  const stored = axes.map((axis) => permAt(node.perm, axis)).sort((a, b) => a - b);
  const keep = numberOr(node.attributes, "keepdims", 1) === 1;
  const perm = keep ? node.perm : without(node.perm, stored);
  return emitOn(node, [node.stored, node.builder.ints(stored)]).map((value) => view(value, perm));
};

const squeeze: LayoutRule = (node) => {
  const axes = node.views[1] && constantNumbers(node.views[1].stored);
  if (!axes) return null;
  const stored = axes.map((axis) => permAt(node.perm, axis)).sort((a, b) => a - b);
  return emitOn(node, [node.stored, node.builder.ints(stored)]).map((value) =>
    view(value, without(node.perm, stored)),
  );
};

/** Each new axis is stored right before the axis that follows it, or last. */
const unsqueeze: LayoutRule = (node) => {
  const axes = node.views[1] && constantNumbers(node.views[1].stored);
  if (!axes) return null;
  const rank = node.perm.length + axes.length;
  const added = axes.map((axis) => positiveAxis(axis, rank));
  const old = [...node.perm];
  // Labels: a stored axis by its number, a new one by a number above them.
  const labels = Array.from({ length: rank }, (_, axis) =>
    added.includes(axis) ? rank + axis : (old.shift() ?? 0),
  );
  const order = node.perm.map((_, axis) => axis);
  for (const [axis, label] of [...labels.entries()].reverse()) {
    if (label < rank) continue;
    const next = labels[axis + 1];
    order.splice(next === undefined ? order.length : order.indexOf(next), 0, label);
  }
  const stored = order.flatMap((label, axis) => (label >= rank ? [axis] : []));
  const perm = labels.map((label) => order.indexOf(label));
  return emitOn(node, [node.stored, node.builder.ints(stored)]).map((value) => view(value, perm));
};

const pad: LayoutRule = (node) => {
  const pads = node.views[1] && constantNumbers(node.views[1].stored);
  const rank = node.perm.length;
  if (!pads || pads.length !== 2 * rank) return null;
  const order = inverse(node.perm);
  const stored = [...order.map((axis) => pads[axis] ?? 0), ...order.map((axis) => pads[axis + rank] ?? 0)];
  const value = node.views[2]?.stored ?? null;
  return emitOn(node, [node.stored, node.builder.ints(stored), value]).map((y) => view(y, node.perm));
};

const slice: LayoutRule = (node) => {
  const rest = others(node);
  const [starts, ends, axes, steps] = rest ?? [];
  const given = axes ? constantNumbers(axes) : constantNumbers(starts)?.map((_, axis) => axis);
  if (!starts || !ends || !given) return null;
  const stored = node.builder.ints(given.map((axis) => permAt(node.perm, axis)));
  const inputs = steps ? [starts, ends, stored, steps] : [starts, ends, stored];
  return emitOn(node, [node.stored, ...inputs]).map((value) => view(value, node.perm));
};

/** The sizes are put in order instead of the elements. */
const shapeOf: LayoutRule = (node) => {
  const sizes = node.builder.emit("Shape", [node.stored]);
  return [view(node.builder.emit("Gather", [sizes, node.builder.ints(node.perm)], { axis: 0 }), null)];
};

/** A Reshape of elements that lie in order already: only axes of size 1 are out of place. */
const reshape: LayoutRule = (node) => {
  const target = node.views[1]?.stored;
  const sizes = constantNumbers(target);
  if (!target || !sizes || !movesNothing(node.stored.shape, node.perm)) return null;
  const copies = sizes.flatMap((size, axis) => (size === 0 ? [axis] : []));
  if (copies.some((axis) => node.perm[axis] !== axis)) return null;
  return [view(node.builder.emit("Reshape", [node.stored, target]), null)];
};

const transposition: LayoutRule = (node) => [
  view(node.stored, compose(node.perm, node.attributes.perm as Permutation)),
];

const byOp: Readonly<Record<string, LayoutRule>> = {
  ArgMax: argument,
  ArgMin: argument,
  Gather: gather,
  LogSoftmax: axisAttribute,
  Pad: pad,
  ReduceL2: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  Reshape: reshape,
  Shape: shapeOf,
  Slice: slice,
  Softmax: axisAttribute,
  Split: axisAttribute,
  Squeeze: squeeze,
  TopK: axisAttribute,
  Transpose: transposition,
  Unsqueeze: unsqueeze,
};

/** How a permuted first input passes through an op; ops that are not listed get their own order of axes. */
export const LAYOUT_RULES: ReadonlyMap<string, LayoutRule> = new Map(Object.entries(byOp));

/** Ops that combine inputs of one shape, so that all are brought to one order first. */
export const isCombining = (op: string): boolean => op === "Concat" || isElementwise(op);

/** Inputs [rank] that line up with an output of that rank in the given order. */
export function alignedTo(builder: GraphBuilder, operand: View, perm: Permutation): Value {
  const { stored } = operand;
  const rank = operand.perm?.length ?? stored.shape?.length ?? 0;
  if (stored.shape?.every((size) => size === 1) && rank <= perm.length) return stored;
  if (rank === perm.length) return permute(builder, stored, compose(operand.perm, inverse(perm)));
  const own = operand.perm ? permute(builder, stored, operand.perm) : stored;
  const added = Array.from({ length: perm.length - rank }, (_, axis) => axis);
  return permute(builder, builder.emit("Unsqueeze", [own, builder.ints(added)]), inverse(perm));
}
