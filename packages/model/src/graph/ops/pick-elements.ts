import type { Tensor } from "../../tensor.ts";
import { elementCount, numbersOf, tensorOf } from "../tensor-numbers.ts";

/** Picks elements: `source(axis, index)` is the index in `x` that output index `index` along `axis` comes from. */
export function gatherBy(
  x: Tensor,
  shape: readonly number[],
  source: (axis: number, index: number) => number,
): Tensor | null {
  const numbers = numbersOf(x);
  if (!numbers) return null;
  const maps = shape.map((size, axis) => Array.from({ length: size }, (_, index) => source(axis, index)));
  const steps = stepsOf(x.shape);
  const ones = stepsOf(shape);
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

/** Elements from one position to the next along each axis, row-major. */
export const stepsOf = (shape: readonly number[]): number[] => {
  const steps = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    steps[axis] = (steps[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return steps;
};
