import type { DataType } from "../../tensor.ts";
import { productOfSizes, type Size } from "../size.ts";
import { elementCount, isInteger, numbersOf, tensorOf } from "../tensor-numbers.ts";
import { constantNumbers, elementsOf, positiveAxis, type Value } from "../value.ts";
import { broadcastStrides, walk } from "./broadcast.ts";
import { type Call, input, numberOr, type OnnxOp, type OnnxOpTable, outputShape, tensor } from "./onnx-op.ts";

/** Axes that a Reduce* call reduces: its second input, or all of them; null when only known at run time. */
function reducedAxes(x: Value, axes: Value | null | undefined): readonly number[] | null {
  if (!x.shape) return null;
  const rank = x.shape.length;
  if (!axes) return x.shape.map((_, axis) => axis);
  return constantNumbers(axes)?.map((axis) => positiveAxis(axis, rank)) ?? null;
}

function reducedShape(call: Call): readonly Size[] | null {
  const x = input(call, 0);
  const axes = reducedAxes(x, call.inputs[1]);
  const keep = numberOr(call.attributes, "keepdims", 1) === 1;
  if (!x.shape || (!axes && !keep)) return null;
  if (!axes) return x.shape.map(() => call.unknown());
  if (keep) return x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return x.shape.filter((_, axis) => !axes.includes(axis));
}

interface Reduction {
  readonly start: number;
  readonly step: (sum: number, x: number) => number;
  readonly finish?: (sum: number, count: number, dataType: DataType) => number;
}

const reduction = (
  { start, step, finish }: Reduction,
  elements?: (sizes: readonly Size[]) => Size,
): OnnxOp => ({
  types: (call) => {
    const x = input(call, 0);
    const shape = reducedShape(call);
    const known = elements && shape?.length === 0 && x.shape?.length === 1 ? elementsOf(x) : null;
    const all = known?.every((size) => size !== null) ? (known as readonly Size[]) : null;
    return [{ dataType: x.dataType, shape, elements: all && elements ? [elements(all)] : null }];
  },
  evaluate: (call) => {
    const x = tensor(call, 0);
    const shape = outputShape(call);
    const numbers = numbersOf(x);
    const axes = call.inputs[1] ? numbersOf(call.inputs[1]) : null;
    if (!shape || !numbers || (call.inputs[1] && !axes)) return null;
    const rank = x.shape.length;
    const reduced = axes
      ? Array.from(axes, (axis) => positiveAxis(axis, rank))
      : x.shape.map((_, axis) => axis);
    const kept = x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
    const sums = new Float64Array(elementCount(kept)).fill(start);
    walk(x.shape, [broadcastStrides(kept, x.shape)], ([to = 0], index) => {
      sums[to] = step(sums[to] ?? start, numbers[index] ?? 0);
    });
    const count = sums.length === 0 ? 0 : numbers.length / sums.length;
    return [tensorOf(x.dataType, shape, finish ? sums.map((sum) => finish(sum, count, x.dataType)) : sums)];
  },
});

function argument(): OnnxOp {
  return {
    types: (call) => {
      const x = input(call, 0);
      if (!x.shape) return [{ dataType: "int64", shape: null }];
      const axis = positiveAxis(numberOr(call.attributes, "axis", 0), x.shape.length);
      const keep = numberOr(call.attributes, "keepdims", 1) === 1;
      const shape = keep
        ? x.shape.map((size, k) => (k === axis ? 1 : size))
        : x.shape.filter((_, k) => k !== axis);
      return [{ dataType: "int64", shape }];
    },
  };
}

const sameType = (call: Call) => {
  const { dataType, shape } = input(call, 0);
  return [{ dataType, shape }];
};

/** Integer means are truncated towards zero, as TensorFlow's. */
const mean = (sum: number, count: number, dataType: DataType): number =>
  isInteger(dataType) ? Math.trunc(sum / count) : sum / count;

export const reductions: OnnxOpTable = {
  ReduceSum: reduction({ start: 0, step: (sum, x) => sum + x }),
  ReduceMean: reduction({ start: 0, step: (sum, x) => sum + x, finish: mean }),
  ReduceProd: reduction({ start: 1, step: (product, x) => product * x }, productOfSizes),
  ReduceMax: reduction({ start: Number.NEGATIVE_INFINITY, step: (a, b) => Math.max(a, b) }),
  ReduceMin: reduction({ start: Number.POSITIVE_INFINITY, step: (a, b) => Math.min(a, b) }),
  ReduceL2: reduction({ start: 0, step: (sum, x) => sum + x * x, finish: Math.sqrt }),
  ArgMax: argument(),
  ArgMin: argument(),
  CumSum: { types: sameType },
  Softmax: { types: sameType },
  LogSoftmax: { types: sameType },
  TopK: {
    types: (call) => {
      const x = input(call, 0);
      const k = elementsOf(input(call, 1))?.[0] ?? null;
      const axis = x.shape && positiveAxis(numberOr(call.attributes, "axis", -1), x.shape.length);
      const shape = x.shape?.map((size, at) => (at === axis ? (k ?? call.unknown()) : size)) ?? null;
      return [
        { dataType: x.dataType, shape },
        { dataType: "int64", shape },
      ];
    },
  },
};
