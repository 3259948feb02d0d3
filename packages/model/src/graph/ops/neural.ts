import { addSizes, divideSizes, multiplySizes, type Size } from "../size.ts";
import { constantNumbers, elementsOf } from "../value.ts";
import { broadcastShapes } from "./broadcast.ts";
import { type Call, input, numberOr, numbersOr, type OnnxOp, type OnnxOpTable, unranked } from "./onnx-op.ts";

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly same: boolean;
}

function windowOf({ attributes }: Call, kernel: readonly number[]): Window {
  const ones = kernel.map(() => 1);
  return {
    kernel,
    strides: numbersOr(attributes, "strides", ones),
    dilations: numbersOr(attributes, "dilations", ones),
    pads: numbersOr(attributes, "pads", [...kernel, ...kernel].fill(0)),
    same: attributes.auto_pad === "SAME_UPPER",
  };
}

/** Spatial sizes after a window has slid over `sizes`. */
function slid(call: Call, sizes: readonly Size[], window: Window): Size[] {
  return sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    const reach = ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
    const pad = window.same ? 0 : (window.pads[axis] ?? 0) + (window.pads[axis + sizes.length] ?? 0);
    if (typeof size === "number") {
      return window.same ? Math.ceil(size / stride) : Math.floor((size + pad - reach) / stride) + 1;
    }
    return stride === 1 && (window.same || pad === reach - 1) ? size : call.unknown();
  });
}

const pool: OnnxOp = {
  types: (call) => {
    const { dataType, shape } = input(call, 0);
    const kernel = numbersOr(call.attributes, "kernel_shape", []);
    if (!shape) return unranked(dataType);
    const [batch = 1, channels = 1, ...sizes] = shape;
    return [{ dataType, shape: [batch, channels, ...slid(call, sizes, windowOf(call, kernel))] }];
  },
};

const globalPool: OnnxOp = {
  types: (call) => {
    const { dataType, shape } = input(call, 0);
    return [{ dataType, shape: shape?.map((size, axis) => (axis < 2 ? size : 1)) ?? null }];
  },
};

const sameType: OnnxOp = {
  types: (call) => {
    const { dataType, shape } = input(call, 0);
    return [{ dataType, shape }];
  },
};

function convTransposeSizes(call: Call, sizes: readonly Size[], kernel: readonly number[]): Size[] {
  const window = windowOf(call, kernel);
  const extra = numbersOr(call.attributes, "output_padding", []);
  return sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    const reach = ((kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
    const pad = (window.pads[axis] ?? 0) + (window.pads[axis + sizes.length] ?? 0);
    return addSizes(multiplySizes(size, stride), reach - stride - pad + (extra[axis] ?? 0)) ?? call.unknown();
  });
}

function matMulShape(call: Call): readonly Size[] | null {
  const [a, b] = [input(call, 0).shape, input(call, 1).shape];
  if (!a || !b) return null;
  const batch = broadcastShapes([a.slice(0, -2), b.slice(0, -2)], call.unknown) ?? [];
  const rows = a.length > 1 ? [a.at(-2) ?? 1] : [];
  const columns = b.length > 1 ? [b.at(-1) ?? 1] : [];
  return [...batch, ...rows, ...columns];
}

function einsumShape(call: Call): readonly Size[] | null {
  const equation = String(call.attributes.equation).replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  if (right === undefined || equation.includes(".")) return null;
  const sizes = new Map<string, Size>();
  for (const [k, labels] of left.split(",").entries()) {
    for (const [axis, label] of [...labels].entries()) {
      const size = input(call, k).shape?.[axis];
      if (size !== undefined && (typeof size === "number" || !sizes.has(label))) sizes.set(label, size);
    }
  }
  return [...right].map((label) => sizes.get(label) ?? call.unknown());
}

/** Moves a block of blocksize² between channels and space. */
const blockMove = (toSpace: boolean): OnnxOp => ({
  types: (call) => {
    const { dataType, shape } = input(call, 0);
    if (shape?.length !== 4) return unranked(dataType);
    const block = numberOr(call.attributes, "blocksize", 1);
    const [batch = 1, channels = 1, ...space] = shape;
    const shrink = (size: Size, by: number): Size => divideSizes(size, by) ?? call.unknown();
    const moved = toSpace
      ? [shrink(channels, block * block), ...space.map((size) => multiplySizes(size, block))]
      : [multiplySizes(channels, block * block), ...space.map((size) => shrink(size, block))];
    return [{ dataType, shape: [batch, ...moved] }];
  },
});

export const neural: OnnxOpTable = {
  Conv: {
    types: (call) => {
      const [x, w] = [input(call, 0), input(call, 1)];
      if (!x.shape || !w.shape) return unranked(x.dataType);
      const kernel = numbersOr(call.attributes, "kernel_shape", w.shape.slice(2).map(Number));
      const [batch = 1, , ...sizes] = x.shape;
      return [
        {
          dataType: x.dataType,
          shape: [batch, w.shape[0] ?? 1, ...slid(call, sizes, windowOf(call, kernel))],
        },
      ];
    },
  },
  ConvTranspose: {
    types: (call) => {
      const [x, w] = [input(call, 0), input(call, 1)];
      if (!x.shape || !w.shape) return unranked(x.dataType);
      const [batch = 1, , ...sizes] = x.shape;
      const channels = multiplySizes(w.shape[1] ?? 1, numberOr(call.attributes, "group", 1));
      const kernel = w.shape.slice(2).map(Number);
      return [{ dataType: x.dataType, shape: [batch, channels, ...convTransposeSizes(call, sizes, kernel)] }];
    },
  },
  MaxPool: pool,
  AveragePool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  BatchNormalization: sameType,
  LayerNormalization: sameType,
  LRN: sameType,
  MatMul: {
    types: (call) => [{ dataType: input(call, 0).dataType, shape: matMulShape(call) }],
  },
  Gemm: {
    types: (call) => {
      const [a, b] = [input(call, 0), input(call, 1)];
      const rows = a.shape?.[numberOr(call.attributes, "transA", 0) === 1 ? 1 : 0];
      const columns = b.shape?.[numberOr(call.attributes, "transB", 0) === 1 ? 0 : 1];
      return [{ dataType: a.dataType, shape: [rows ?? call.unknown(), columns ?? call.unknown()] }];
    },
  },
  Einsum: {
    types: (call) => [{ dataType: input(call, 0).dataType, shape: einsumShape(call) }],
  },
  Resize: {
    types: (call) => {
      const x = input(call, 0);
      if (!x.shape) return unranked(x.dataType);
      const sizes = call.inputs[3] ? elementsOf(call.inputs[3]) : null;
      const scales = constantNumbers(call.inputs[2]);
      const shape = x.shape.map((size, axis) => {
        if (call.inputs[3]) return sizes?.[axis] ?? call.unknown();
        const scale = scales?.[axis];
        if (scale === 1) return size;
        return typeof size === "number" && scale !== undefined ? Math.floor(size * scale) : call.unknown();
      });
      return [{ dataType: x.dataType, shape }];
    },
  },
  DepthToSpace: blockMove(true),
  SpaceToDepth: blockMove(false),
};
