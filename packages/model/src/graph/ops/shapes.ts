import type { Tensor } from "../../tensor.ts";
import { addSizes, divideSizes, productOfSizes, type Size, staticShape } from "../size.ts";
import { elementCount, isInteger, numbersOf, tensorOf } from "../tensor-numbers.ts";
import { constantNumbers, elementsOf, positiveAxis, type Value } from "../value.ts";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast.ts";
import {
  broken,
  type Call,
  input,
  numberOr,
  numbersOr,
  type OnnxOpTable,
  outputShape,
  tensor,
  unknownShape,
  unranked,
} from "./onnx-op.ts";
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

/** One axis of a Slice, resolved against a known size. */
export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The ranges of a Slice as written; null when they are only known at run time. */
export function sliceRanges(inputs: readonly (Value | null)[]): readonly SliceRange[] | null {
  const [, starts, ends, axes, steps] = inputs.map((value) => constantNumbers(value));
  if (!starts || !ends || (inputs[3] && !axes) || (inputs[4] && !steps)) return null;
  const rank = inputs[0]?.shape?.length ?? 0;
  return starts.map((start, k) => ({
    axis: positiveAxis(axes?.[k] ?? k, rank),
    start,
    end: ends[k] ?? 0,
    step: steps?.[k] ?? 1,
  }));
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Which indices of an axis of known size a range takes: ONNX clamps, negative bounds count from the end. */
export function slicedIndices(
  { start, end, step }: SliceRange,
  size: number,
): { from: number; count: number } {
  const bound = (at: number): number => {
    const positive = at < 0 ? at + size : at;
    return step > 0 ? clamp(positive, 0, size) : clamp(positive, -1, size - 1);
  };
  const [from, to] = [bound(start), bound(end)];
  return { from, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** All indices that a range takes, in order. */
const allIndices = (range: SliceRange, size: number): number[] => {
  const { from, count } = slicedIndices(range, size);
  return Array.from({ length: count }, (_, k) => from + k * range.step);
};

function slicedShape(call: Call): readonly Size[] | null {
  const { shape } = input(call, 0);
  const ranges = sliceRanges(call.inputs);
  if (!shape) return null;
  if (!ranges) return shape.map(() => call.unknown());
  return shape.map((size, axis) => {
    const range = ranges.find((candidate) => candidate.axis === axis);
    if (!range) return size;
    if (typeof size === "number") return slicedIndices(range, size).count;
    return range.step === 1 && range.start === 0 && range.end > 2 ** 31 ? size : call.unknown();
  });
}

/** Formulas of some positions of a one-dimensional input. */
function picked(call: Call, positions: readonly number[] | null): readonly (Size | null)[] | null {
  const known = elementsOf(input(call, 0));
  if (!known || !positions || input(call, 0).shape?.length !== 1) return null;
  return positions.map((at) => known[positiveAxis(at, known.length)] ?? null);
}

/** Picks elements: `source(axis, index)` is the index in `x` that output index `index` along `axis` comes from. */
function gatherBy(
  x: Tensor,
  shape: readonly number[],
  source: (axis: number, index: number) => number,
): Tensor | null {
  const numbers = numbersOf(x);
  if (!numbers) return null;
  const maps = shape.map((size, axis) => Array.from({ length: size }, (_, index) => source(axis, index)));
  const steps = broadcastSteps(x.shape);
  const ones = broadcastSteps(shape);
  const result = new Float64Array(elementCount(shape));
  for (let index = 0; index < result.length; index++) {
    let at = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const position = Math.floor(index / (ones[axis] ?? 1)) % (shape[axis] ?? 1);
      at += (maps[axis]?.[position] ?? 0) * (steps[axis] ?? 1);
    }
    result[index] = numbers[at] ?? 0;
  }
  return tensorOf(x.dataType, shape, result);
}

const broadcastSteps = (shape: readonly number[]): number[] => {
  const steps = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    steps[axis] = (steps[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return steps;
};

function concatenated(inputs: readonly Tensor[], axis: number, shape: readonly number[]): Tensor | null {
  const parts = inputs.map(numbersOf);
  const [first] = inputs;
  if (!first || parts.includes(null)) return null;
  const outer = elementCount(shape.slice(0, axis));
  const result = new Float64Array(elementCount(shape));
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const [k, part] of parts.entries()) {
      const width = elementCount(inputs[k]?.shape.slice(axis) ?? []);
      for (let i = 0; i < width; i++) result[at++] = part?.[row * width + i] ?? 0;
    }
  }
  return tensorOf(first.dataType, shape, result);
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
  Concat: {
    types: (call) => {
      const values = call.inputs.map((_, index) => input(call, index));
      const [first] = values;
      const dataType = first?.dataType ?? "float32";
      const shapes = values.map(({ shape }) => shape);
      if (!first?.shape || shapes.includes(null)) return unranked(dataType);
      const axis = positiveAxis(numberOr(call.attributes, "axis", 0), first.shape.length);
      const shape = first.shape.map((size, at) => {
        const sizes = shapes.map((other) => other?.[at] ?? 1);
        if (at !== axis) return sizes.find((other) => typeof other === "number") ?? size;
        return sizes.reduce<Size>((sum, other) => addSizes(sum, other) ?? call.unknown(), 0);
      });
      const known = axis === 0 && isInteger(dataType);
      const elements = known ? values.map(elementsIfSized) : [null];
      return [
        {
          dataType,
          shape,
          elements: elements.includes(null) ? null : elements.flatMap((part) => part ?? []),
        },
      ];
    },
    evaluate: (call) => {
      const values = call.inputs.filter((value) => value !== null);
      const shape = outputShape(call);
      if (!shape) return null;
      const result = concatenated(
        values,
        positiveAxis(numberOr(call.attributes, "axis", 0), shape.length),
        shape,
      );
      return result && [result];
    },
  },
  Split: {
    types: (call) => {
      const x = input(call, 0);
      const sizes = constantNumbers(call.inputs[1]);
      const axis = x.shape && positiveAxis(numberOr(call.attributes, "axis", 0), x.shape.length);
      return Array.from({ length: call.outputs }, (_, k) => ({
        dataType: x.dataType,
        shape: x.shape?.map((size, at) => (at === axis ? (sizes?.[k] ?? call.unknown()) : size)) ?? null,
      }));
    },
  },
  Slice: {
    types: (call) => {
      const x = input(call, 0);
      const size = x.shape?.[0];
      const range = sliceRanges(call.inputs)?.[0];
      const known = elementsOf(x) !== null && typeof size === "number";
      const positions = range && known ? allIndices(range, size) : null;
      return [{ dataType: x.dataType, shape: slicedShape(call), elements: picked(call, positions) }];
    },
    evaluate: (call) => {
      const x = tensor(call, 0);
      const shape = outputShape(call);
      const [, starts, ends, axes, steps] = call.inputs.map((value) => value && numbersOf(value));
      if (!shape || !starts || !ends) return null;
      const indices = x.shape.map((size) => Array.from({ length: size }, (_, index) => index));
      for (let k = 0; k < starts.length; k++) {
        const axis = positiveAxis(axes?.[k] ?? k, x.shape.length);
        const range = { axis, start: starts[k] ?? 0, end: ends[k] ?? 0, step: steps?.[k] ?? 1 };
        indices[axis] = allIndices(range, x.shape[axis] ?? 0);
      }
      const result = gatherBy(x, shape, (axis, index) => indices[axis]?.[index] ?? 0);
      return result && [result];
    },
  },
  Gather: {
    types: (call) => {
      const [x, indices] = [input(call, 0), input(call, 1)];
      if (!x.shape || !indices.shape) return unranked(x.dataType);
      const axis = positiveAxis(numberOr(call.attributes, "axis", 0), x.shape.length);
      const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
      const positions = indices.shape.length <= 1 ? constantNumbers(indices) : null;
      return [{ dataType: x.dataType, shape, elements: picked(call, positions) }];
    },
    evaluate: (call) => {
      const [x, indices] = [tensor(call, 0), numbersOf(tensor(call, 1))];
      const shape = outputShape(call);
      if (!shape || !indices) return null;
      const axis = positiveAxis(numberOr(call.attributes, "axis", 0), x.shape.length);
      const flat = [...x.shape.slice(0, axis), indices.length, ...x.shape.slice(axis + 1)];
      const size = x.shape[axis] ?? 1;
      const result = gatherBy(x, flat, (at, index) =>
        at === axis ? positiveAxis(indices[index] ?? 0, size) : index,
      );
      return result && withShape(result, shape);
    },
  },
  GatherND: {
    types: (call) => {
      const [x, indices] = [input(call, 0), input(call, 1)];
      const batch = numberOr(call.attributes, "batch_dims", 0);
      const depth = indices.shape?.at(-1);
      if (!x.shape || !indices.shape || typeof depth !== "number") return unranked(x.dataType);
      return [
        { dataType: x.dataType, shape: [...indices.shape.slice(0, -1), ...x.shape.slice(batch + depth)] },
      ];
    },
  },
  GatherElements: {
    types: (call) => [{ dataType: input(call, 0).dataType, shape: input(call, 1).shape }],
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
  ConstantOfShape: {
    types: (call) => {
      const value = call.attributes.value as Tensor;
      const sizes = elementsOf(input(call, 0));
      return [{ dataType: value.dataType, shape: sizes?.map((size) => size ?? call.unknown()) ?? null }];
    },
    evaluate: (call) => {
      const value = call.attributes.value as Tensor;
      const shape = outputShape(call);
      const number = numbersOf(value)?.[0];
      if (!shape || number === undefined) return null;
      return [tensorOf(value.dataType, shape, new Float64Array(elementCount(shape)).fill(number))];
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
  OneHot: {
    types: (call) => {
      const [indices, depth, values] = [input(call, 0), input(call, 1), input(call, 2)];
      const shape = indices.shape && [...indices.shape];
      const size = constantNumbers(depth)?.[0] ?? call.unknown();
      shape?.splice(positiveAxis(numberOr(call.attributes, "axis", -1), shape.length + 1), 0, size);
      return [{ dataType: values.dataType, shape }];
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

/** Formulas of a value, as many as it has elements. */
function elementsIfSized(value: Value): readonly (Size | null)[] | null {
  const shape = staticShape(value.shape);
  if (!shape) return null;
  return elementsOf(value) ?? new Array<null>(elementCount(shape)).fill(null);
}

/** Formulas of a small tensor whose axes change their order. */
function permutedElements(value: Value, perm: readonly number[]): readonly (Size | null)[] | null {
  const shape = staticShape(value.shape);
  const known = elementsOf(value);
  if (!shape || !known) return null;
  const steps = broadcastSteps(shape);
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
