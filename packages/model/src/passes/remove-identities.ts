import { emitInto } from "../graph/emit.ts";
import { reshape } from "../graph/emit-shapes.ts";
import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import type { Size } from "../graph/size.ts";
import { constantNumbers, type Value } from "../graph/value.ts";

/** Leaves out what changes nothing, and makes one Reshape of several in a row. */
export function removeIdentities(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    const value = removers[node.op]?.(node, builder);
    return value ? [value] : null;
  });
}

type Remover = (node: BoundNode, builder: GraphBuilder) => Value | null;

const sameShape = (a: readonly Size[] | null | undefined, b: readonly Size[] | null | undefined): boolean =>
  a != null && b != null && a.length === b.length && a.every((size, axis) => size === b[axis]);

const first: Remover = ({ inputs }) => inputs[0] ?? null;

/** The operand that is left when the other one is `neutral` everywhere and does not widen it. */
const neutral =
  (number: number, either: boolean): Remover =>
  (node, builder) => {
    const [a, b] = node.inputs;
    if (!a || !b) return null;
    const result = (): readonly Size[] | null | undefined =>
      builder.emit(node.op, node.inputs, node.attributes).shape;
    const isNeutral = ({ constant, shape }: Value): boolean =>
      constant !== null &&
      (shape?.length ?? 0) <= 4 &&
      (constantNumbers({ ...a, constant })?.every((x) => x === number) ?? false);
    if (isNeutral(b)) return sameShape(a.shape, result()) ? a : null;
    return either && isNeutral(a) && sameShape(b.shape, result()) ? b : null;
  };

const RESHAPES: ReadonlySet<string> = new Set(["Reshape", "Squeeze", "Unsqueeze"]);

/** The value before all Reshapes in a row, in the shape after the last. */
const reshaped: Remover = (node, builder) => {
  const [x] = node.inputs;
  let source = x ?? null;
  for (
    let before = builder.producer(source);
    before && RESHAPES.has(before.op);
    before = builder.producer(source)
  ) {
    source = before.inputs[0] ?? null;
  }
  const sizes = builder.emit(node.op, node.inputs, node.attributes).shape;
  if (!source || !sizes) return null;
  if (sameShape(source.shape, sizes)) return source;
  const open = sizes.filter((size, axis) => typeof size === "string" && source.shape?.[axis] !== size);
  return source === x || open.length > 1 ? null : reshape(emitInto(builder), source, sizes);
};

const removers: Readonly<Record<string, Remover>> = {
  Identity: first,
  Add: neutral(0, true),
  Sub: neutral(0, false),
  Mul: neutral(1, true),
  Div: neutral(1, false),
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
};
