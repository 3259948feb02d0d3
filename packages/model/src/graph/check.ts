import type { Graph } from "./graph.ts";
import { mixesTypes } from "./ops/element-types.ts";
import { ONNX_OPS } from "./ops/onnx-ops.ts";
import { type Size, toDimension } from "./size.ts";
import type { Value } from "./value.ts";

/**
 * Checks that a graph of ONNX ops is sound: names are unique, nodes stand in topological order, every input
 * exists, element types agree, and what is stated of the outputs is what their nodes make.
 *
 * @param step the lowering or pass that made the graph, for the message
 * @throws TypeError naming the step and the node: a bug of the step
 */
export function checkGraph(graph: Graph, step: string): void {
  const fail = (found: string): never => {
    throw new TypeError(`${step} made a broken graph: ${found}`);
  };
  let symbols = 0;
  const unknown = (): Size => `s${symbols++}`;
  const values = new Map<string, Value>();
  const define = (value: Value): void => {
    if (values.has(value.name)) fail(`two values are called "${value.name}"`);
    values.set(value.name, value);
  };
  for (const { name, dataType, shape } of graph.inputs) {
    define({
      name,
      dataType,
      shape: shape?.map((size) => size ?? unknown()) ?? null,
      constant: null,
      elements: null,
    });
  }
  for (const [name, constant] of graph.constants) {
    define({ name, dataType: constant.dataType, shape: constant.shape, constant, elements: null });
  }
  for (const node of graph.nodes) {
    const rule =
      ONNX_OPS.get(node.op) ?? fail(`"${node.name}" is a ${node.op}, which the table of ops lacks`);
    const inputs = node.inputs.map((name) =>
      name === "" ? null : (values.get(name) ?? fail(`"${node.name}" uses "${name}" before it is made`)),
    );
    if (mixesTypes(node.op, inputs)) fail(`"${node.name}" (${node.op}) mixes element types`);
    const types = rule.types({ ...node, where: node.name, inputs, outputs: node.outputs.length, unknown });
    for (const [index, name] of node.outputs.entries()) {
      const {
        dataType,
        shape,
        elements = null,
      } = types[index] ?? fail(`"${node.name}" has too many outputs`);
      define({ name, dataType, shape, constant: null, elements });
    }
  }
  for (const { name, key, dataType, shape } of graph.outputs) {
    const value = values.get(name) ?? fail(`nothing makes the output "${key}" ("${name}")`);
    if (value.dataType !== dataType) fail(`output "${key}" is ${value.dataType}, stated ${dataType}`);
    const made = value.shape?.map(toDimension);
    const agrees = made?.every((size, axis) => size === null || (shape?.[axis] ?? size) === size) ?? true;
    if (!agrees) fail(`output "${key}" is [${made}], stated [${shape}]`);
  }
}
