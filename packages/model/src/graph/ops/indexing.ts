import type { Tensor } from "../../tensor.ts";
import { addSizes, type Size, staticShape } from "../size.ts";
import { elementCount, isInteger, numbersOf, tensorOf } from "../tensor-numbers.ts";
import { constantNumbers, elementsOf, positiveAxis, type Value } from "../value.ts";
import { type Call, input, numberOr, type OnnxOpTable, outputShape, tensor, unranked } from "./onnx-op.ts";
import { gatherBy } from "./pick-elements.ts";

/** One axis of a Slice, resolved against a known size. */
interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The ranges of a Slice as written; null when they are only known at run time. */
function sliceRanges(inputs: readonly (Value | null)[]): readonly SliceRange[] | null {
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
function slicedIndices({ start, end, step }: SliceRange, size: number): { from: number; count: number } {
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

/** Formulas of a value, as many as it has elements. */
function elementsIfSized(value: Value): readonly (Size | null)[] | null {
  const shape = staticShape(value.shape);
  if (!shape) return null;
  return elementsOf(value) ?? new Array<null>(elementCount(shape)).fill(null);
}

/** Ops that put tensors together or take parts of them. */
export const indexing: OnnxOpTable = {
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
      return result && [{ ...result, shape }];
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
};
