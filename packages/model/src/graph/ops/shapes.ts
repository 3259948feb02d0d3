import type { Tensor } from "../../tensor.ts";
import { addSizes, divideSizes, productOfSizes, type Size, staticShape } from "../size.ts";
import { elementCount, numbersOf, tensorOf } from "../tensor-numbers.ts";
import { constantNumbers, elementsOf, positiveAxis, type Value } from "../value.ts";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast.ts";
import {
  broken,
  type Call,
  input,
  numbersOr,
  type OnnxOpTable,
  outputShape,
  tensor,
  unknownShape,
  unranked,
} from "./onnx-op.ts";
import { gatherBy, stepsOf } from "./pick-elements.ts";
import { transposeTensor } from "./transpose.ts";

/** The shape a Reshape gives: 0 copies a size, -1 takes what is left. */
function reshapedShape(call: Call): readonly Size[] | null {
  const [x, target] = [input(call, 0), input(call, 1)];
  const wanted = elementsOf(target);
  if (!wanted) {
    const rank = target.shape?.[0];
    return typeof rank === "number" ? unknownShape(call, rank) : null;
  }
  const sizes = wanted.map((size, axis) => (size === 0 ? (x.shape?.[axis] ?? null) : size));
  const open = sizes.flatMap((size, axis) => (size === -1 || size === null ? [axis] : []));
  if (open.length === 1 && x.shape) {
    const others = productOfSizes(sizes.filter((size): size is Size => size !== null && size !== -1));
    sizes[open[0] ?? 0] = divideSizes(productOfSizes(x.shape), others) ?? call.unknown();
  }
  return sizes.map((size) => (size === null || size === -1 ? call.unknown() : size));
}

/** A tensor with the same elements in another shape: a view. */
const withShape = (x: Tensor, shape: readonly number[] | null): readonly Tensor[] | null =>
  shape && elementCount(shape) === elementCount(x.shape) ? [{ ...x, shape }] : null;

const axesOf = (call: Call): readonly number[] | null => constantNumbers(call.inputs[1]);

function unsqueezedShape(call: Call): readonly Size[] | null {
  const { shape } = input(call, 0);
  const axes = axesOf(call);
  if (!shape || !axes) return null;
  const rank = shape.length + axes.length;
  const inserted = axes.map((axis) => positiveAxis(axis, rank));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (inserted.includes(axis) ? 1 : (rest.shift() ?? 1)));
}

function squeezedShape(call: Call): readonly Size[] | null {
  const { shape } = input(call, 0);
  if (!shape) return null;
  if (!call.inputs[1]) return staticShape(shape)?.filter((size) => size !== 1) ?? null;
  const removed = axesOf(call)?.map((axis) => positiveAxis(axis, shape.length));
  return removed ? shape.filter((_, axis) => !removed.includes(axis)) : null;
}

export const shapes: OnnxOpTable = {
  Shape: {
    types: (call) => {
      const { shape } = input(call, 0);
      return [{ dataType: "int64", shape: [shape?.length ?? call.unknown()], elements: shape }];
    },
  },
  Size: {
    types: (call) => {
      const { shape } = input(call, 0);
      return [{ dataType: "int64", shape: [], elements: shape && [productOfSizes(shape)] }];
    },
  },
  Reshape: {
    types: (call) => {
      const x = input(call, 0);
      const shape = reshapedShape(call);
      return [{ dataType: x.dataType, shape, elements: x.elements }];
    },
    evaluate: (call) => withShape(tensor(call, 0), outputShape(call)),
    views: true,
  },
  Squeeze: {
    types: (call) => {
      const { dataType, elements } = input(call, 0);
      return [{ dataType, shape: squeezedShape(call), elements }];
    },
    evaluate: (call) => withShape(tensor(call, 0), outputShape(call)),
    views: true,
  },
  Unsqueeze: {
    types: (call) => {
      const { dataType, elements } = input(call, 0);
      return [{ dataType, shape: unsqueezedShape(call), elements }];
    },
    evaluate: (call) => withShape(tensor(call, 0), outputShape(call)),
    views: true,
  },
  Transpose: {
    types: (call) => {
      const { dataType, shape } = input(call, 0);
      const perm = numbersOr(call.attributes, "perm", null);
      if (!shape || !perm) return unranked(dataType);
      if (perm.length !== shape.length || shape.some((_, axis) => !perm.includes(axis))) {
        throw broken(call, `[${perm}] is no order of its axes`);
      }
      const elements = input(call, 0).elements ? permutedElements(input(call, 0), perm) : null;
      return [{ dataType, shape: perm.map((axis) => shape[axis] ?? 1), elements }];
    },
    evaluate: (call) => {
      const transposed = transposeTensor(tensor(call, 0), numbersOr(call.attributes, "perm", []));
      return transposed && [transposed];
    },
  },
  Expand: {
    types: (call) => {
      const x = input(call, 0);
      const wanted = elementsOf(input(call, 1));
      const sizes = wanted?.map((size) => size ?? call.unknown()) ?? null;
      return [{ dataType: x.dataType, shape: broadcastShapes([x.shape, sizes], call.unknown) }];
    },
    evaluate: (call) => {
      const x = tensor(call, 0);
      const shape = outputShape(call);
      const numbers = numbersOf(x);
      if (!shape || !numbers) return null;
      const result = new Float64Array(elementCount(shape));
      walk(shape, [broadcastStrides(x.shape, shape)], ([from = 0], index) => {
        result[index] = numbers[from] ?? 0;
      });
      return [tensorOf(x.dataType, shape, result)];
    },
  },
  Tile: {
    types: (call) => {
      const x = input(call, 0);
      const repeats = elementsOf(input(call, 1));
      const shape = x.shape?.map((size, axis) => {
        const times = repeats?.[axis];
        if (times === 1) return size;
        return times == null ? call.unknown() : productOfSizes([size, times]);
      });
      return [{ dataType: x.dataType, shape: shape ?? null }];
    },
    evaluate: (call) => {
      const x = tensor(call, 0);
      const shape = outputShape(call);
      const result = shape && gatherBy(x, shape, (axis, index) => index % (x.shape[axis] ?? 1));
      return result && [result];
    },
  },
  Range: {
    types: (call) => {
      const [start, limit, step] = [0, 1, 2].map((index) => constantNumbers(input(call, index))?.[0]);
      const known = start !== undefined && limit !== undefined && step !== undefined;
      const size = known ? Math.max(0, Math.ceil((limit - start) / step)) : call.unknown();
      return [{ dataType: input(call, 0).dataType, shape: [size] }];
    },
    evaluate: (call) => {
      const [start = 0, , step = 1] = call.inputs.map((value) => (value ? numbersOf(value)?.[0] : undefined));
      const [size = 0] = outputShape(call) ?? [];
      const numbers = Float64Array.from({ length: size }, (_, index) => start + index * step);
      return [tensorOf(tensor(call, 0).dataType, [size], numbers)];
    },
  },
  Pad: {
    types: (call) => {
      const x = input(call, 0);
      const pads = elementsOf(input(call, 1));
      const rank = x.shape?.length ?? 0;
      const shape = x.shape?.map((size, axis) => {
        const [before, after] = [pads?.[axis] ?? null, pads?.[axis + rank] ?? null];
        const inside = before === null ? null : addSizes(size, before);
        return (inside === null || after === null ? null : addSizes(inside, after)) ?? call.unknown();
      });
      return [{ dataType: x.dataType, shape: shape ?? null }];
    },
  },
};

/** Formulas of a small tensor whose axes change their order. */
function permutedElements(value: Value, perm: readonly number[]): readonly (Size | null)[] | null {
  const shape = staticShape(value.shape);
  const known = elementsOf(value);
  if (!shape || !known) return null;
  const steps = stepsOf(shape);
  const permuted: (Size | null)[] = [];
  walk(
    perm.map((axis) => shape[axis] ?? 1),
    [perm.map((axis) => steps[axis] ?? 1)],
    ([from = 0], index) => {
      permuted[index] = known[from] ?? null;
    },
  );
  return permuted;
}
