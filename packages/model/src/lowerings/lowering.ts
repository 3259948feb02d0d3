import { FieldmarkError } from "@fieldmark/contract";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Emit } from "../graph/emit.ts";
import type { Value } from "../graph/value.ts";

/** A TensorFlow node as a lowering sees it: defaults filled in, types, shapes and constants as far as known. */
export interface SourceNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: AttributeReader;
  /** How many outputs are asked for. */
  readonly outputs: number;
}

/** A use of a known op that has no ONNX counterpart, and why. */
export interface Unsupported {
  readonly unsupported: string;
}

/** The outputs of a node, in order. */
export type Lowered = readonly Value[] | Unsupported;

/** One TensorFlow op as ONNX nodes. */
export type Lowering = (node: SourceNode, emit: Emit) => Lowered;

export type LoweringTable = Readonly<Record<string, Lowering>>;

export const unsupported = (reason: string): Unsupported => ({ unsupported: reason });

/** Input `index` of a node. @throws MODEL_BROKEN when it has fewer */
export function inputOf(node: SourceNode, index: number): Value {
  const value = node.inputs[index];
  if (value) return value;
  const found = `${node.op} "${node.name}" has ${node.inputs.length} inputs`;
  throw new FieldmarkError("MODEL_BROKEN", `${found}, expected at least ${index + 1}`);
}

/** More outputs than any model's op has, and few enough to make. */
const MOST_OUTPUTS = 1 << 16;

/** An attribute that says how many outputs there are. @throws MODEL_BROKEN when there could not be so many */
export function outputCount(node: SourceNode, key: string): number {
  const count = node.attributes.number(key);
  if (Number.isInteger(count) && count >= 0 && count <= MOST_OUTPUTS) return count;
  throw new FieldmarkError("MODEL_BROKEN", `${node.op} "${node.name}": ${key} is ${count}, expected a count`);
}

export type { Emit };
