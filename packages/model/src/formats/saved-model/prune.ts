import type { FlatGraph, FlatNode } from "./flat-graph.ts";

/** What the outputs depend on, in the order it stood in. */
export interface Needed {
  readonly nodes: readonly FlatNode[];
  /** Names of the inputs and constants that they read. */
  readonly sources: ReadonlySet<string>;
}

/** Walks back from the outputs. */
export function prune(flat: FlatGraph, outputs: readonly string[]): Needed {
  const needed = new Set<FlatNode>();
  const sources = new Set<string>();
  const waiting = [...outputs];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const node = flat.producer(value);
    if (node === undefined) {
      if (value !== "") sources.add(value);
    } else if (!needed.has(node)) {
      needed.add(node);
      waiting.push(...node.inputs);
    }
  }
  return { nodes: flat.nodes.filter((node) => needed.has(node)), sources };
}
