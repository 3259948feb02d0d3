import type { Graph } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { madeBy, orders } from "../graph/producers.ts";
import { type BoundNode, rewrite } from "../graph/rewrite.ts";
import { constantScalar, type Value } from "../graph/value.ts";

/** Makes relu6(x + 3) / 6, the hard sigmoid of MobileNetV3 and of Keras 3, one op instead of three. */
export function fuseHardSigmoid(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, builder) => {
      const clipped = sixth(node);
      const x = clipped && shiftedBy3(builder, clipped);
      return x ? [builder.emit("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 })] : null;
    },
    ["Clip", "Add"],
  );
}

/** The operand that a node divides by six. */
function sixth({ op, inputs }: BoundNode): Value | null {
  const [a, b] = inputs;
  if (op === "Div" && a && constantScalar(b) === 6) return a;
  const product = op === "Mul" ? orders(inputs) : [];
  return product.find(([, factor]) => constantScalar(factor) === Math.fround(1 / 6))?.[0] ?? null;
}

/** x, where `value` is x + 3 cut to 0 … 6. */
function shiftedBy3(builder: GraphBuilder, value: Value): Value | null {
  const [sum, low, high] = madeBy(builder, "Clip", value) ?? [];
  if (constantScalar(low) !== 0 || constantScalar(high) !== 6) return null;
  return orders(madeBy(builder, "Add", sum)).find(([, three]) => constantScalar(three) === 3)?.[0] ?? null;
}
