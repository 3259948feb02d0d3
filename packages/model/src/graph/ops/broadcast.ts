import type { Size } from "../size.ts";

/**
 * The shape that several broadcast to, as NumPy and ONNX define it.
 * Sizes that are only known at run time are taken to be equal when one of them is a number above 1;
 * two different symbols give a new one.
 */
export function broadcastShapes(
  shapes: readonly (readonly Size[] | null)[],
  unknown: () => Size,
): readonly Size[] | null {
  if (shapes.some((shape) => shape === null)) return null;
  const known = shapes as readonly (readonly Size[])[];
  const rank = Math.max(0, ...known.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size: Size = 1;
    for (const shape of known) {
      const other = shape[axis - rank + shape.length] ?? 1;
      if (other === size || other === 1) continue;
      if (size === 1) size = other;
      else if (typeof other === "number") size = other;
      else if (typeof size === "string") size = unknown();
    }
    return size;
  });
}

/** Steps through `shape` when it is broadcast to `target`: 0 along axes that repeat. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = new Array<number>(target.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1) strides[axis + target.length - shape.length] = step;
    step *= size;
  }
  return strides;
}

/** Calls `visit(offsets, index)` for every element of `shape` in row-major order; one offset for each strides. */
export function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (offsets: readonly number[], index: number) => void,
): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const position = new Array<number>(shape.length).fill(0);
  const offsets = strides.map(() => 0);
  for (let index = 0; index < count; index++) {
    visit(offsets, index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      const wraps = (position[axis] ?? 0) + 1 === size;
      const steps = wraps ? 1 - size : 1;
      for (let k = 0; k < strides.length; k++) {
        offsets[k] = (offsets[k] ?? 0) + steps * (strides[k]?.[axis] ?? 0);
      }
      position[axis] = wraps ? 0 : (position[axis] ?? 0) + 1;
      if (!wraps) break;
    }
  }
}
