import type { DataType, Tensor } from "../tensor.ts";
import type { Attributes } from "./attributes.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Value } from "./value.ts";

/** Adds ONNX nodes to the graph being built. null stands for an absent optional input. */
export interface Emit {
  (op: string, inputs: readonly (Value | null)[], attributes?: Attributes): Value;
  /** For ops with several outputs. */
  all(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: number,
  ): readonly Value[];
  constant(tensor: Tensor): Value;
  /** int64 [n] */
  ints(values: readonly number[]): Value;
  scalar(value: number, dataType: DataType): Value;
}

/** The way to add nodes to a builder's graph, and nothing else of it. */
export function emitInto(builder: GraphBuilder): Emit {
  const emit = (op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value =>
    builder.emit(op, inputs, attributes);
  return Object.assign(emit, {
    all: builder.emitAll.bind(builder),
    constant: (tensor: Tensor) => builder.constant(tensor),
    ints: builder.ints.bind(builder),
    scalar: builder.scalar.bind(builder),
  });
}
