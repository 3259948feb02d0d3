import { FieldmarkError } from "@fieldmark/contract";
import { readAttributes } from "../graph/attributes.ts";
import { emitInto } from "../graph/emit.ts";
import { cast } from "../graph/emit-shapes.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { isFloat } from "../graph/tensor-numbers.ts";
import type { Value } from "../graph/value.ts";
import type { DataType } from "../tensor.ts";
import { convertTensor } from "../tensor-convert.ts";
import type { SourceNode } from "./lowering.ts";
import { LOWERINGS } from "./lowerings.ts";
import { TENSORFLOW_DEFAULTS } from "./tensorflow-defaults.ts";
import { UnsupportedOps } from "./unsupported-ops.ts";

/**
 * A graph of TensorFlow ops as one of ONNX ops.
 * Everything floating is computed in float32. Inputs and outputs keep the types that the signature states, except
 * bfloat16, which becomes float32.
 *
 * @throws MODEL_OP_UNSUPPORTED listing every op that has no lowering, at once
 */
export function lower(graph: Graph): Graph {
  const builder = new GraphBuilder();
  const emit = emitInto(builder);
  const values = new Map<string, Value>();
  const unsupported = new UnsupportedOps();
  for (const named of graph.inputs) {
    const value = builder.input({ ...named, dataType: borderType(named.dataType) });
    values.set(named.name, cast(emit, value, computedType(named.dataType)));
  }
  const lookUp = (name: string): Value | undefined => {
    const found = values.get(name);
    const constant = found ? undefined : graph.constants.get(name);
    if (!constant) return found;
    const value = builder.constant(convertTensor(constant, computedType(constant.dataType)), name);
    values.set(name, value);
    return value;
  };
  for (const node of liveNodes(graph)) {
    builder.scope = node.name;
    const inputs = node.inputs.map(lookUp);
    const lowering = LOWERINGS.get(node.op);
    if (!lowering) {
      unsupported.add(node, "");
      continue;
    }
    // What hangs on an unsupported op is not lowered: its types are not known.
    if (!inputs.every((value) => value !== undefined)) continue;
    const lowered = lowering(sourceNode(node, inputs), emit);
    if ("unsupported" in lowered) {
      unsupported.add(node, lowered.unsupported);
      continue;
    }
    for (const [index, value] of lowered.entries()) {
      const name = node.outputs[index];
      if (name !== undefined) values.set(name, value);
    }
  }
  unsupported.throwIfAny();
  builder.scope = "output";
  return builder.finish(
    graph.outputs.map((output) => {
      const value = lookUp(output.name);
      if (!value) {
        throw new FieldmarkError(
          "MODEL_BROKEN",
          `nothing makes the output "${output.key}" ("${output.name}")`,
        );
      }
      return { ...output, value: cast(emit, value, borderType(output.dataType)) };
    }),
  );
}

/** The nodes that some output needs, in order. */
function liveNodes(graph: Graph): readonly Node[] {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of node.inputs) needed.add(name);
    live.push(node);
  }
  return live.reverse();
}

function sourceNode(node: Node, inputs: readonly Value[]): SourceNode {
  const filled = { ...TENSORFLOW_DEFAULTS[node.op], ...node.attributes };
  const attributes = readAttributes(`${node.op} "${node.name}"`, filled);
  return { name: node.name, op: node.op, inputs, attributes, outputs: node.outputs.length };
}

/** The type that values of a TensorFlow type are computed in. */
const computedType = (dataType: DataType): DataType => (isFloat(dataType) ? "float32" : dataType);

/** The type that an input or output has: as the signature states, but for bfloat16, which no tensor of the runtime's can be. */
const borderType = (dataType: DataType): DataType => (dataType === "bfloat16" ? "float32" : dataType);
