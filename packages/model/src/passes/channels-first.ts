import type { Graph, Node } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { numberOr } from "../graph/ops/onnx-op.ts";
import { positiveAxis, type Value } from "../graph/value.ts";
import { entryPermutations } from "./entry-permutations.ts";
import { alignedTo, isCombining, LAYOUT_RULES } from "./layout-rules.ts";
import {
  compose,
  inverse,
  movesNothing,
  type Permutation,
  permute,
  samePermutation,
  type View,
  view,
} from "./permutation.ts";

/**
 * Keeps images channels first from the first convolution to the last.
 *
 * Lowerings put a Transpose before and after every op that ONNX wants channels first. Here no Transpose is done
 * where it stands: each value is carried as a permuted view of a stored one, ops take views where their axes can
 * be renamed, and only an op that needs its own order of axes gets a Transpose, once for each value.
 */
export function channelsFirst(graph: Graph): Graph {
  const builder = new GraphBuilder();
  const views = new Map<string, View>();
  const entries = entryPermutations(graph);
  for (const named of graph.inputs) {
    const value = builder.input(named);
    const perm = entries.get(named.name);
    builder.scope = named.name;
    views.set(named.name, perm ? view(permute(builder, value, perm), inverse(perm)) : view(value, null));
  }
  for (const [name, tensor] of graph.constants) views.set(name, view(builder.constant(tensor, name), null));
  const viewOf = (name: string): View => {
    const found = views.get(name);
    if (!found) throw new TypeError(`"${name}" is used before it is made`);
    return found;
  };
  for (const node of graph.nodes) {
    builder.scope = node.name;
    const inputs = node.inputs.map((name) => (name === "" ? null : viewOf(name)));
    for (const [index, output] of place(builder, node, inputs).entries()) {
      const name = node.outputs[index];
      if (name !== undefined) views.set(name, output);
    }
  }
  return builder.finish(
    graph.outputs.map((output) => {
      builder.scope = output.name;
      return { ...output, value: inOwnOrder(builder, viewOf(output.name)) };
    }),
  );
}

const inOwnOrder = (builder: GraphBuilder, { stored, perm }: View): Value =>
  perm ? permute(builder, stored, perm) : stored;

function place(builder: GraphBuilder, node: Node, views: readonly (View | null)[]): readonly View[] {
  const [first] = views;
  if (node.op === "Transpose" && first) {
    return [view(first.stored, compose(first.perm, node.attributes.perm as Permutation))];
  }
  if (isCombining(node.op)) {
    const perm = cheapestOrder(views);
    if (perm) return combine(builder, node, views, perm);
  } else if (first?.perm) {
    const { op, attributes, outputs } = node;
    const rule = LAYOUT_RULES.get(op);
    const { perm, stored } = first;
    const placed = rule?.({ op, attributes, outputs: outputs.length, views, perm, stored, builder });
    if (placed) return placed;
  }
  const inputs = views.map((operand) => operand && inOwnOrder(builder, operand));
  return builder
    .emitAll(node.op, inputs, node.attributes, node.outputs.length)
    .map((value) => view(value, null));
}

/** Concat, or an elementwise op, on inputs that are all brought to one order. */
function combine(
  builder: GraphBuilder,
  node: Node,
  views: readonly (View | null)[],
  perm: Permutation,
): readonly View[] {
  const inputs = views.map((operand) => operand && alignedTo(builder, operand, perm));
  const axis =
    node.op === "Concat"
      ? { axis: perm[positiveAxis(numberOr(node.attributes, "axis", 0), perm.length)] }
      : {};
  const attributes = { ...node.attributes, ...(axis as { axis?: number }) };
  return builder.emitAll(node.op, inputs, attributes, node.outputs.length).map((value) => view(value, perm));
}

const rankOf = ({ stored, perm }: View): number => perm?.length ?? stored.shape?.length ?? 0;

/** The order that moves the fewest elements; between equals a permuted one, which convolutions go on with. */
function cheapestOrder(views: readonly (View | null)[]): Permutation | null {
  const present = views.filter((operand) => operand !== null);
  const rank = Math.max(...present.map(rankOf));
  const orders = present
    .filter((operand) => operand.perm && rankOf(operand) === rank)
    .map(({ perm }) => perm);
  if (orders.length === 0) return null;
  let best: { readonly perm: Permutation | null; readonly cost: number } | null = null;
  for (const perm of [...orders, null]) {
    const cost = present.reduce((sum, operand) => sum + movedElements(operand, perm, rank), 0);
    if (!best || cost < best.cost) best = { perm, cost };
  }
  return best?.perm ?? null;
}

/** Elements of one row that bringing an operand to an order would move. */
function movedElements(operand: View, order: Permutation | null, rank: number): number {
  const { stored, perm } = operand;
  if (stored.constant || rankOf(operand) < rank || samePermutation(perm, order)) return 0;
  const change = order ? compose(perm, inverse(order)) : (perm ?? []);
  if (movesNothing(stored.shape, change)) return 0;
  return (stored.shape ?? []).reduce<number>(
    (count, size) => count * (typeof size === "number" ? size : 1),
    1,
  );
}
