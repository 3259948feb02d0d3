import type { Attributes } from "../graph/attributes.ts";
import { runtimeShape, transpose } from "../graph/emit-shapes.ts";
import type { Size } from "../graph/size.ts";
import type { Value } from "../graph/value.ts";
import { type Emit, inputOf, type SourceNode } from "./lowering.ts";

/** How a kernel goes along one axis. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Elements a kernel spans along one axis. */
export const reach = ({ kernel, dilation }: WindowAxis): number => (kernel - 1) * dilation + 1;

/**
 * Zeros before and after an axis under TensorFlow's padding "SAME": ceil(size / stride) positions, and where the
 * sum is odd the extra zero stands at the end.
 */
export function samePadding(size: number, axis: WindowAxis): readonly [number, number] {
  const outputs = Math.ceil(size / axis.stride);
  return halves(Math.max((outputs - 1) * axis.stride + reach(axis) - size, 0));
}

const halves = (total: number): readonly [number, number] => [Math.floor(total / 2), Math.ceil(total / 2)];

/** SAME padding of one axis when it does not depend on a size that is only known at run time. */
function knownSamePadding(size: Size | undefined, axis: WindowAxis): readonly [number, number] | null {
  if (typeof size === "number") return samePadding(size, axis);
  return axis.stride === 1 ? halves(reach(axis) - 1) : null;
}

/** True for "NHWC" and its kin: channels last. */
export const channelsLast = (node: SourceNode): boolean => node.attributes.text("data_format").endsWith("C");

const toChannelsFirst = (rank: number): readonly number[] => [
  0,
  rank - 1,
  ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1),
];

const toChannelsLast = (rank: number): readonly number[] => [
  0,
  ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2),
  1,
];

/** The spatial entries of a list that has one for each axis in the node's data format. */
export const spatial = (node: SourceNode, list: readonly number[]): readonly number[] =>
  channelsLast(node) ? list.slice(1, -1) : list.slice(2);

/** Input 0 with channels first, as ONNX wants it. */
export const channelsFirstInput = (node: SourceNode, emit: Emit, x = inputOf(node, 0)): Value =>
  channelsLast(node) ? transpose(emit, x, toChannelsFirst(x.shape?.length ?? 4)) : x;

/** A channels-first result in the node's data format. */
export const inDataFormat = (node: SourceNode, emit: Emit, y: Value, rank = y.shape?.length ?? 4): Value =>
  channelsLast(node) ? transpose(emit, y, toChannelsLast(rank)) : y;

/** The axes of a window from the node's kernel, strides and, where it has them, dilations. */
export function windowAxes(node: SourceNode, kernel: readonly number[]): readonly WindowAxis[] {
  const strides = spatial(node, node.attributes.numbers("strides"));
  const dilations = node.attributes.has("dilations")
    ? spatial(node, node.attributes.numbers("dilations"))
    : [];
  return kernel.map((size, k) => ({ kernel: size, stride: strides[k] ?? 1, dilation: dilations[k] ?? 1 }));
}

/** Padding of a window: known numbers, what the runtime works out, or zeros that are put around the input first. */
export type Placement =
  | { readonly kind: "attributes"; readonly attributes: Attributes }
  | { readonly kind: "pads"; readonly pads: Value };

const onnxOrder = (pairs: readonly (readonly [number, number])[]): number[] => [
  ...pairs.map(([before]) => before),
  ...pairs.map(([, after]) => after),
];

/**
 * Where a window starts and ends on a channels-first input.
 * SAME padding of a strided axis whose size is only known at run time is left to the runtime where that agrees
 * with TensorFlow (kernel ≥ stride, no dilation), otherwise worked out from the shape.
 */
export function placeWindow(
  node: SourceNode,
  emit: Emit,
  { x, axes }: { readonly x: Value; readonly axes: readonly WindowAxis[] },
): Placement {
  const padding = node.attributes.text("padding");
  const sizes = x.shape?.slice(2) ?? [];
  if (padding === "VALID")
    return { kind: "attributes", attributes: { pads: onnxOrder(axes.map(() => [0, 0])) } };
  if (padding === "EXPLICIT") {
    const list = node.attributes.numbers("explicit_paddings");
    const pairs = spatial(
      node,
      Array.from({ length: list.length / 2 }, (_, axis) => axis),
    ).map((axis) => [list[2 * axis] ?? 0, list[2 * axis + 1] ?? 0] as const);
    return { kind: "attributes", attributes: { pads: onnxOrder(pairs) } };
  }
  const known = axes.map((axis, k) => knownSamePadding(sizes[k], axis));
  if (!known.includes(null)) {
    return { kind: "attributes", attributes: { pads: onnxOrder(known.map((pair) => pair ?? [0, 0])) } };
  }
  const agrees = axes.every(({ kernel, stride, dilation }) => kernel >= stride && dilation === 1);
  if (agrees) return { kind: "attributes", attributes: { auto_pad: "SAME_UPPER" } };
  return { kind: "pads", pads: runtimePads(emit, x, axes) };
}

/** SAME padding worked out from the shape: int64 [2 · rank], for ONNX's Pad. */
function runtimePads(emit: Emit, x: Value, axes: readonly WindowAxis[]): Value {
  const one = emit.scalar(1, "int64");
  const strides = emit.ints(axes.map(({ stride }) => stride));
  const sizes = emit("Gather", [runtimeShape(emit, x), emit.ints(axes.map((_, k) => k + 2))], { axis: 0 });
  const roundedUp = emit("Add", [sizes, emit.ints(axes.map(({ stride }) => stride - 1))]);
  const outputs = emit("Div", [roundedUp, strides]);
  const steps = emit("Mul", [emit("Sub", [outputs, one]), strides]);
  const needed = emit("Add", [steps, emit.ints(axes.map(reach))]);
  const total = emit("Max", [emit("Sub", [needed, sizes]), emit.scalar(0, "int64")]);
  const before = emit("Div", [total, emit.scalar(2, "int64")]);
  const none = emit.ints([0, 0]);
  return emit("Concat", [none, before, none, emit("Sub", [total, before])], { axis: 0 });
}
