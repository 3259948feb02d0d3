import type { Graph, Node } from "../graph/graph.ts";

/**
 * The graph with an Identity before every output that is an input, a constant, or the same value as another output:
 * ONNX wants each output to be made by a node, under a name of its own.
 */
export function withOwnOutputs(graph: Graph): Graph {
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const taken = new Set([...made, ...graph.constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  const given = new Set<string>();
  const added: Node[] = [];
  const outputs = graph.outputs.map((output) => {
    if (made.has(output.name) && !given.has(output.name)) {
      given.add(output.name);
      return output;
    }
    let name = `${output.name}/output`;
    while (taken.has(name)) name = `${name}_`;
    taken.add(name);
    added.push({ name, op: "Identity", inputs: [output.name], outputs: [name], attributes: {} });
    return { ...output, name };
  });
  return added.length === 0 ? graph : { ...graph, outputs, nodes: [...graph.nodes, ...added] };
}
