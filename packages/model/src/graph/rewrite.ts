import type { Graph, Node } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { Value } from "./value.ts";

/** A node of the graph that is read, with its inputs as values of the graph that is built. */
export interface BoundNode extends Omit<Node, "inputs"> {
  readonly inputs: readonly (Value | null)[];
  /** True when nothing but this node uses input `index`. */
  readonly isOnlyUse: (index: number) => boolean;
}

/** The values that take the place of a node's outputs, or null to copy the node. */
export type Visit = (node: BoundNode, builder: GraphBuilder) => readonly Value[] | null;

/**
 * Builds a graph anew, node by node, letting `visit` replace what it knows better. Linear in the graph.
 *
 * @param needs ops without which there is nothing to replace: a graph that lacks one is returned as it is
 */
export function rewrite(graph: Graph, visit: Visit, needs: readonly string[] = []): Graph {
  if (!needs.every((op) => graph.nodes.some((node) => node.op === op))) return graph;
  const builder = new GraphBuilder();
  const values = new Map<string, Value>();
  const uses = countUses(graph);
  for (const named of graph.inputs) values.set(named.name, builder.input(named));
  for (const [name, tensor] of graph.constants) values.set(name, builder.constant(tensor, name));
  const lookUp = (name: string): Value => {
    const value = values.get(name);
    if (!value) throw new TypeError(`"${name}" is used before it is made`);
    return value;
  };
  for (const node of graph.nodes) {
    builder.scope = node.name;
    const inputs = node.inputs.map((name) => (name === "" ? null : lookUp(name)));
    const isOnlyUse = (index: number): boolean => uses.get(node.inputs[index] ?? "") === 1;
    const made =
      visit({ ...node, inputs, isOnlyUse }, builder) ??
      builder.emitAll(node.op, inputs, node.attributes, node.outputs.length);
    for (const [index, name] of node.outputs.entries()) {
      const value = made[index];
      if (value) values.set(name, value);
    }
  }
  return builder.finish(graph.outputs.map((output) => ({ ...output, value: lookUp(output.name) })));
}

function countUses(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const count = (name: string): void => void uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const output of graph.outputs) count(output.name);
  return uses;
}
