import type { Graph, Node } from "../graph/graph.ts";
import { isElementwise } from "../graph/ops/elementwise.ts";
import { type Permutation, samePermutation } from "./permutation.ts";

/** Ops that keep the axes of their first input where they are. */
const keepsAxes = ({ op }: Node): boolean => isElementwise(op) || op === "Pad" || op === "Slice";

/**
 * The order in which the model itself wants each input, by the input's name: where every path from it comes, after
 * ops that do not mind, to the same Transpose. Transposing the input at once lets those ops run in that order, so
 * that a Pad can become part of the first convolution.
 */
export function entryPermutations(graph: Graph): ReadonlyMap<string, Permutation> {
  const users = usersByValue(graph);
  const entries = new Map<string, Permutation>();
  for (const { name, shape } of graph.inputs) {
    const perm = shape ? commonTranspose(name, users, shape.length) : null;
    if (perm) entries.set(name, perm);
  }
  return entries;
}

function commonTranspose(
  start: string,
  users: ReadonlyMap<string, readonly Node[]>,
  rank: number,
): Permutation | null {
  let common: Permutation | null = null;
  const seen = new Set([start]);
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const node of users.get(name) ?? []) {
      if (node.op === "Shape") continue;
      if (node.op === "Transpose") {
        const perm = node.attributes.perm as Permutation;
        if (perm.length !== rank || (common && !samePermutation(common, perm))) return null;
        common = perm;
        continue;
      }
      if (!keepsAxes(node)) return null;
      for (const output of node.outputs) {
        if (!seen.has(output)) open.push(output);
        seen.add(output);
      }
    }
  }
  return common;
}

function usersByValue(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const users = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const list = users.get(name);
      if (list) list.push(node);
      else users.set(name, [node]);
    }
  }
  return users;
}
