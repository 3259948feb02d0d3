import type { Dimension, Graph, Node } from "../graph/graph.ts";
import { floats } from "../graph/run-graph.test-support.ts";
import type { Tensor } from "../tensor.ts";

/** Adds to a graph of TensorFlow ops; everything is named by the value it makes. */
export interface Draft {
  emit(op: string, inputs: readonly string[], attributes?: Node["attributes"]): string;
  constant(tensor: Tensor): string;
  /** Repeatable numbers in −1 … 1. */
  weights(...shape: readonly number[]): string;
  /** Repeatable numbers in 0.5 … 1.5: variances. */
  positive(...shape: readonly number[]): string;
  ints(shape: readonly number[], values: readonly number[]): string;
}

export interface DraftOutput {
  readonly key: string;
  readonly name: string;
  readonly shape?: readonly Dimension[];
}

/** A graph with one float32 input "x", channels last, and the outputs that `build` returns. */
export function tensorflowGraph(
  shape: readonly Dimension[],
  build: (draft: Draft, x: string) => string | readonly DraftOutput[],
  seed = 0,
): Graph {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const constant = (tensor: Tensor): string => {
    const name = `c${constants.size}`;
    constants.set(name, tensor);
    return name;
  };
  const draft: Draft = {
    constant,
    emit: (op, inputs, attributes = {}) => {
      const name = `n${nodes.length}`;
      nodes.push({ name, op, inputs, outputs: [name], attributes });
      return name;
    },
    weights: (...sizes) => constant(floats(sizes, constants.size + seed)),
    positive: (...sizes) => {
      const { data } = floats(sizes, constants.size + seed);
      return constant({
        dataType: "float32",
        shape: sizes,
        data: (data as Float32Array).map((x) => x * x + 0.5),
      });
    },
    ints: (sizes, values) => constant({ dataType: "int32", shape: sizes, data: Int32Array.from(values) }),
  };
  const built = build(draft, "x");
  const outputs = typeof built === "string" ? [{ key: "y", name: built }] : built;
  return {
    inputs: [{ name: "x", key: "x", dataType: "float32", shape }],
    outputs: outputs.map((output) => ({ shape: null, ...output, dataType: "float32" })),
    nodes,
    constants,
  };
}
