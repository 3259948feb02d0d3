import { emitInto } from "../graph/emit.ts";
import { reshape } from "../graph/emit-shapes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { Size } from "../graph/size.ts";
import type { Value } from "../graph/value.ts";

/** Order of axes: axis k of the result is axis perm[k] of the source, as in ONNX's Transpose. */
export type Permutation = readonly number[];

/** A value of the graph that is read, as a permuted value of the graph that is built. */
export interface View {
  readonly stored: Value;
  /** The value is Transpose(stored, perm); null when it is `stored` itself. */
  readonly perm: Permutation | null;
}

const isIdentity = (perm: Permutation): boolean => perm.every((axis, index) => axis === index);

export const view = (stored: Value, perm: Permutation | null): View => ({
  stored,
  perm: perm && isIdentity(perm) ? null : perm,
});

export const inverse = (perm: Permutation): Permutation => perm.map((_, axis) => perm.indexOf(axis));

/** Transpose(Transpose(x, first), second) as one permutation. */
export const compose = (first: Permutation | null, second: Permutation): Permutation =>
  first ? second.map((axis) => first[axis] ?? axis) : second;

export const samePermutation = (a: Permutation | null, b: Permutation | null): boolean =>
  a === b ||
  (a !== null && b !== null && a.length === b.length && a.every((axis, index) => axis === b[index]));

/** Whether a permutation leaves the elements where they are, because only axes of size 1 move. */
export function movesNothing(shape: readonly Size[] | null, perm: Permutation): boolean {
  const large = perm.filter((axis) => shape?.[axis] !== 1);
  return shape !== null && large.every((axis, index) => index === 0 || (large[index - 1] ?? 0) < axis);
}

/** Transpose(x, perm): a Reshape where that does it, otherwise a Transpose. */
export function permute(builder: GraphBuilder, x: Value, perm: Permutation): Value {
  if (isIdentity(perm)) return x;
  const { shape } = x;
  if (shape && !x.constant && movesNothing(shape, perm)) {
    return reshape(
      emitInto(builder),
      x,
      perm.map((axis) => shape[axis] ?? 1),
    );
  }
  const before = builder.producer(x);
  const source = before?.op === "Transpose" ? before.inputs[0] : null;
  if (before && source) return permute(builder, source, compose(before.attributes.perm as Permutation, perm));
  return builder.emit("Transpose", [x], { perm });
}
