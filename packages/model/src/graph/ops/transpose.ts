import type { Tensor } from "../../tensor.ts";
import { elementCount, type PlainArray } from "../tensor-numbers.ts";

type NumberArray = PlainArray | BigInt64Array | BigUint64Array;

/** Elements moved as their bits: floats too, whose bits must not change. One class keeps the loops fast. */
const bitsOf = (array: NumberArray): Int32Array =>
  array.BYTES_PER_ELEMENT === 4
    ? new Int32Array(array.buffer as ArrayBuffer, array.byteOffset, array.length)
    : (array as Int32Array);

interface Axis {
  readonly size: number;
  /** Steps between neighbours along this axis, in elements. */
  readonly from: number;
  readonly to: number;
}

/** The axes of the result in order, those that stay neighbours merged and those of size 1 dropped. */
function mergedAxes(shape: readonly number[], perm: readonly number[]): Axis[] {
  const from = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    from[axis] = (from[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  const axes: Axis[] = [];
  let to = 1;
  for (const axis of [...perm].reverse()) {
    const size = shape[axis] ?? 1;
    const step = from[axis] ?? 1;
    const inner = axes[0];
    if (size === 1) continue;
    if (inner && step === inner.from * inner.size) axes[0] = { ...inner, size: inner.size * size };
    else axes.unshift({ size, from: step, to });
    to *= size;
  }
  return axes;
}

/** Elements that are read in one go: a few cache lines. */
const TILE = 16;

/**
 * The tensor with its axes in the order `perm`: axis k of the result is axis perm[k] of `tensor`.
 * Tiled along the axes that are innermost before and after, since kernels of convolutions have megabytes.
 */
export function transposeTensor(tensor: Tensor, perm: readonly number[]): Tensor | null {
  const { data } = tensor;
  if (!ArrayBuffer.isView(data)) return null;
  const shape = perm.map((axis) => tensor.shape[axis] ?? 1);
  const axes = mergedAxes(tensor.shape, perm);
  const inner = axes.at(-1);
  if (!inner || elementCount(shape) === 0 || inner.from === 1) return permuteRows(tensor, shape, axes);
  const source = data as NumberArray;
  const result = new (source.constructor as new (length: number) => NumberArray)(source.length);
  const read = axes.find((axis) => axis.from === 1) ?? inner;
  const outer = axes.filter((axis) => axis !== read && axis !== inner);
  copy(bitsOf(source), bitsOf(result), { read, write: inner, outer });
  return { dataType: tensor.dataType, shape, data: result };
}

interface Plan {
  readonly read: Axis;
  readonly write: Axis;
  readonly outer: readonly Axis[];
}

function copy(source: Int32Array, result: Int32Array, { read, write, outer }: Plan): void {
  forEachOffset(outer, (from, to) => {
    for (let start = 0; start < read.size; start += TILE) {
      const end = Math.min(start + TILE, read.size);
      for (let j = 0; j < write.size; j++) {
        let at = to + j + start * read.to;
        const row = from + j * write.from;
        for (let i = start; i < end; i++) {
          result[at] = source[row + i] as number;
          at += read.to;
        }
      }
    }
  });
}

/** The case where the innermost axis stays: whole rows move. */
function permuteRows(tensor: Tensor, shape: readonly number[], axes: readonly Axis[]): Tensor {
  const source = tensor.data as PlainArray;
  if (axes.length <= 1) return { ...tensor, shape };
  const result = new (source.constructor as new (length: number) => PlainArray)(source.length);
  const row = axes.at(-1)?.size ?? 1;
  forEachOffset(axes.slice(0, -1), (from, to) => result.set(source.subarray(from, from + row), to));
  return { dataType: tensor.dataType, shape, data: result };
}

function forEachOffset(axes: readonly Axis[], visit: (from: number, to: number) => void): void {
  const [axis, ...rest] = axes;
  if (!axis) {
    visit(0, 0);
    return;
  }
  for (let index = 0; index < axis.size; index++) {
    forEachOffset(rest, (from, to) => visit(from + index * axis.from, to + index * axis.to));
  }
}
