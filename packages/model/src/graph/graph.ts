import type { DataType, Tensor } from "../tensor.ts";

/** A size that is known, or null where it is only known at run time. */
export type Dimension = number | null;

/** A value's element type and shape as far as they are known; shape null means unknown rank. */
export interface ValueType {
  readonly dataType: DataType;
  readonly shape: readonly Dimension[] | null;
}

export interface NamedValue extends ValueType {
  /** Name of the value inside the graph. */
  readonly name: string;
  /** Name the caller uses: the signature's key. */
  readonly key: string;
}

export type AttributeValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | Tensor
  | Graph;

/** One operation. Names of values are unique in a graph; "" as an input stands for an absent optional one. */
export interface Node {
  readonly name: string;
  /** Op type: TensorFlow's before lowering, ONNX's after. */
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/**
 * A flat dataflow graph: functions inlined, variables resolved to constants, nodes in topological order.
 * The same shape of value holds TensorFlow ops before lowering and ONNX ops after it.
 */
export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly outputs: readonly NamedValue[];
  readonly nodes: readonly Node[];
  /** Constants and frozen variables by value name; the data are views, never copies. */
  readonly constants: ReadonlyMap<string, Tensor>;
}
