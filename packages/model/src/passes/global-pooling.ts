import type { Graph } from "../graph/graph.ts";
import { numberOr } from "../graph/ops/onnx-op.ts";
import { rewrite } from "../graph/rewrite.ts";
import { constantNumbers } from "../graph/value.ts";

const POOLS: ReadonlyMap<string, string> = new Map([
  ["ReduceMean", "GlobalAveragePool"],
  ["ReduceMax", "GlobalMaxPool"],
]);

/** A mean or maximum over all spatial axes of a channels-first image is a global pool, which has faster kernels. */
export function globalPooling(graph: Graph): Graph {
  return rewrite(graph, (node, builder) => {
    const pool = POOLS.get(node.op);
    const [x, axes] = node.inputs;
    const rank = x?.shape?.length ?? 0;
    if (!pool || !x || rank < 4 || x.dataType !== "float32") return null;
    const reduced = constantNumbers(axes);
    const spatial = Array.from({ length: rank - 2 }, (_, axis) => axis + 2);
    if (reduced?.length !== spatial.length || !spatial.every((axis) => reduced.includes(axis))) return null;
    const pooled = builder.emit(pool, [x]);
    const keep = numberOr(node.attributes, "keepdims", 1) === 1;
    return [keep ? pooled : builder.emit("Squeeze", [pooled, builder.ints(spatial)])];
  });
}
