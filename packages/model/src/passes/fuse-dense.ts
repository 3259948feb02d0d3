import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import type { Value } from "../graph/value.ts";

/**
 * A dense layer on more than two axes without its detour: the axes before the last need not be merged into one for
 * a product with a matrix, nor parted again after it.
 */
export function fuseDense(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => (node.op === "Reshape" ? productInside(node, builder) : null), [
    "MatMul",
    "Reshape",
  ]);
}

function productInside(node: BoundNode, builder: GraphBuilder): readonly Value[] | null {
  const product = builder.producer(node.inputs[0]);
  const [merged, matrix] = product?.op === "MatMul" ? product.inputs : [];
  const before = builder.producer(merged);
  const x = before?.op === "Reshape" ? before.inputs[0] : null;
  if (!x?.shape || !matrix || matrix.shape?.length !== 2 || merged?.shape?.length !== 2) return null;
  if (!node.isOnlyUse(0) || x.shape.length < 3 || x.shape.at(-1) !== merged.shape[1]) return null;
  const [direct] = [builder.emit("MatMul", [x, matrix])];
  const wanted = builder.emitAll(node.op, node.inputs, node.attributes, 1)[0]?.shape;
  const same =
    direct.shape?.length === wanted?.length && direct.shape?.every((size, axis) => size === wanted?.[axis]);
  return same ? [direct] : null;
}
