import { ONNX_ELEMENT_TYPES } from "../onnx/element-types.ts";
import type { DataType } from "../tensor.ts";
import type { Emit } from "./emit.ts";
import { type Size, toDimension } from "./size.ts";
import { elementsOf, type Value } from "./value.ts";

export function cast(emit: Emit, x: Value, dataType: DataType): Value {
  return x.dataType === dataType ? x : emit("Cast", [x], { to: ONNX_ELEMENT_TYPES[dataType] });
}

export function transpose(emit: Emit, x: Value, perm: readonly number[]): Value {
  return perm.every((axis, index) => axis === index) ? x : emit("Transpose", [x], { perm });
}

export const squeeze = (emit: Emit, x: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? x : emit("Squeeze", [x, emit.ints(axes)]);

export const unsqueeze = (emit: Emit, x: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? x : emit("Unsqueeze", [x, emit.ints(axes)]);

/** The sizes of `x` at run time: int64 [rank]. */
export const runtimeShape = (emit: Emit, x: Value): Value => emit("Shape", [x]);

/** Some sizes as an int64 tensor; the sizes that are no numbers are taken from `x` at run time. */
function sizesTensor(emit: Emit, x: Value, sizes: readonly Size[]): Value {
  if (sizes.every((size) => typeof size === "number")) return emit.ints(sizes as readonly number[]);
  const shape = runtimeShape(emit, x);
  const parts = sizes.map((size) => {
    if (typeof size === "number") return emit.ints([size]);
    return emit("Gather", [shape, emit.ints([x.shape?.indexOf(size) ?? 0])], { axis: 0 });
  });
  return emit("Concat", parts, { axis: 0 });
}

/**
 * The target of a Reshape as a constant, where one does it: the sizes of `x` are copied by 0 where they stand at
 * the same axis, and at most one other unknown size is left to -1.
 */
function reshapeTarget(x: Value, sizes: readonly (Size | null)[]): readonly number[] | null {
  const open = sizes.filter((size) => size === null || size === -1 || typeof size === "string").length;
  const target = sizes.map((size, axis) => {
    if (typeof size === "number") return size;
    if (open === 1) return -1;
    return size !== null && x.shape?.[axis] === size ? 0 : -1;
  });
  if (target.filter((size) => size === -1).length > 1) return null;
  return sizes.includes(0) ? null : target;
}

/** Reshapes to sizes that are known up to those at run time; at most one may be -1. */
export function reshape(emit: Emit, x: Value, sizes: readonly Size[]): Value {
  const target = reshapeTarget(x, sizes);
  return emit("Reshape", [x, target ? emit.ints(target) : sizesTensor(emit, x, sizes)]);
}

/** Reshapes to what an integer tensor says. */
export function reshapeTo(emit: Emit, x: Value, shape: Value): Value {
  const sizes = elementsOf(shape);
  const target = sizes && reshapeTarget(x, sizes);
  return emit("Reshape", [x, target ? emit.ints(target) : cast(emit, shape, "int64")]);
}

export const isStatic = (sizes: readonly Size[]): sizes is readonly number[] =>
  sizes.every((size) => toDimension(size) !== null);
