import { isStatic, reshape, transpose } from "../graph/emit-shapes.ts";
import { elementsOf, type Value } from "../graph/value.ts";
import {
  type Emit,
  inputOf,
  type Lowered,
  type Lowering,
  type LoweringTable,
  type SourceNode,
  unsupported,
} from "./lowering.ts";
import {
  channelsFirstInput,
  channelsLast,
  inDataFormat,
  placeWindow,
  reach,
  type WindowAxis,
  windowAxes,
} from "./window.ts";

const UNKNOWN_KERNEL = unsupported("the shape of its kernel is only known at run time");

interface Kernel {
  /** ONNX's order: [outputs, inputs of a group, ...space]. */
  readonly weights: Value;
  readonly size: readonly number[];
  readonly group: number;
}

/** A channels-first convolution with the node's strides, dilations and padding. */
function convolve(node: SourceNode, emit: Emit, { weights, size, group }: Kernel): Lowered {
  const x = channelsFirstInput(node, emit);
  const axes = windowAxes(node, size);
  const placement = placeWindow(node, emit, { x, axes });
  const attributes = {
    dilations: axes.map(({ dilation }) => dilation),
    group,
    kernel_shape: size,
    strides: axes.map(({ stride }) => stride),
  };
  const padded = placement.kind === "pads" ? emit("Pad", [x, placement.pads, null], { mode: "constant" }) : x;
  const pads = placement.kind === "pads" ? {} : placement.attributes;
  return [
    inDataFormat(node, emit, emit("Conv", [padded, weights], { ...attributes, ...pads }), size.length + 2),
  ];
}

/** Kernel [...space, inputs of a group, outputs]; channels of the input ÷ inputs of a group = groups. */
const convolution: Lowering = (node, emit) => {
  const [x, kernel] = [inputOf(node, 0), inputOf(node, 1)];
  const shape = kernel.shape;
  const channels = x.shape?.at(channelsLast(node) ? -1 : 1);
  if (!shape || !isStatic(shape)) return UNKNOWN_KERNEL;
  if (typeof channels !== "number")
    return unsupported("the channels of its input are only known at run time");
  const space = shape.length - 2;
  const perm = [space + 1, space, ...Array.from({ length: space }, (_, axis) => axis)];
  return convolve(node, emit, {
    weights: transpose(emit, kernel, perm),
    size: shape.slice(0, space),
    group: channels / (shape[space] ?? channels),
  });
};

/** Kernel [height, width, channels, multiplier]: each channel is a group. */
const depthwise: Lowering = (node, emit) => {
  const kernel = inputOf(node, 1);
  if (!kernel.shape || !isStatic(kernel.shape)) return UNKNOWN_KERNEL;
  const [height = 1, width = 1, channels = 1, multiplier = 1] = kernel.shape;
  const byChannel = transpose(emit, kernel, [2, 3, 0, 1]);
  return convolve(node, emit, {
    weights: reshape(emit, byChannel, [channels * multiplier, 1, height, width]),
    size: [height, width],
    group: channels,
  });
};

/** Sizes of the output of a transposed convolution: given as a tensor, which may hold formulas. */
function outputSizes(node: SourceNode): readonly (number | null)[] | null {
  const sizes = elementsOf(inputOf(node, 0));
  if (!sizes) return null;
  const numbers = sizes.map((size) => (typeof size === "number" ? size : null));
  // The tensor may leave the batch and the channels out.
  return numbers.length === (inputOf(node, 2).shape?.length ?? 0)
    ? channelsLast(node)
      ? numbers.slice(1, -1)
      : numbers.slice(2)
    : numbers;
}

interface TransposedAxis {
  readonly pads: readonly [number, number];
  readonly extra: number;
}

/** Padding and output padding of one axis of a transposed convolution with `size` inputs and `output` outputs. */
function transposedAxis(
  padding: string,
  axis: WindowAxis,
  sizes: readonly [number | null, number | null],
): TransposedAxis {
  const [size, output] = sizes;
  // A size that is only known at run time: Keras asks for size · stride (SAME) or what the kernel covers (VALID).
  const covered = size === null ? reach(axis) - axis.stride : (size - 1) * axis.stride + reach(axis);
  const least = padding === "SAME" ? 0 : Math.max(reach(axis) - axis.stride, 0);
  const wanted = size === null || output === null ? (size ?? 0) * axis.stride + least : output;
  const total = padding === "SAME" ? Math.max(covered - wanted, 0) : 0;
  const before = Math.floor(total / 2);
  return { pads: [before, total - before], extra: Math.max(wanted - covered + total, 0) };
}

/** Inputs: output sizes, kernel [...space, outputs, inputs], values. */
const transposedConvolution: Lowering = (node, emit) => {
  const [kernel, values] = [inputOf(node, 1), inputOf(node, 2)];
  const padding = node.attributes.text("padding");
  if (!kernel.shape || !isStatic(kernel.shape)) return UNKNOWN_KERNEL;
  if (padding === "EXPLICIT") return unsupported("padding EXPLICIT");
  const space = kernel.shape.length - 2;
  const x = channelsFirstInput(node, emit, values);
  const axes = windowAxes(node, kernel.shape.slice(0, space));
  const sizes = outputSizes(node);
  const placed = axes.map((axis, k) => {
    const size = x.shape?.[k + 2];
    return transposedAxis(padding, axis, [typeof size === "number" ? size : null, sizes?.[k] ?? null]);
  });
  const perm = [space + 1, space, ...Array.from({ length: space }, (_, axis) => axis)];
  const y = emit("ConvTranspose", [x, transpose(emit, kernel, perm)], {
    dilations: axes.map(({ dilation }) => dilation),
    group: 1,
    kernel_shape: axes.map((axis) => axis.kernel),
    output_padding: placed.map(({ extra }) => extra),
    pads: [...placed.map(({ pads }) => pads[0]), ...placed.map(({ pads }) => pads[1])],
    strides: axes.map(({ stride }) => stride),
  });
  return [inDataFormat(node, emit, y, space + 2)];
};

export const convolutions = {
  Conv2D: convolution,
  Conv3D: convolution,
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: transposedConvolution,
  Conv3DBackpropInputV2: transposedConvolution,
} satisfies LoweringTable;
