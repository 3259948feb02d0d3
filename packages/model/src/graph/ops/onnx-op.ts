import { FieldmarkError } from "@fieldmark/contract";
import type { DataType, Tensor } from "../../tensor.ts";
import type { Attributes } from "../attributes.ts";
import type { Size } from "../size.ts";
import type { OutputType, Value } from "../value.ts";

/** One use of an op: null stands for an absent optional input. */
export interface Call {
  readonly op: string;
  /** Name of the node that this is made for. */
  readonly where: string;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  /** How many outputs are asked for. */
  readonly outputs: number;
  /** A new symbol for a size that nothing is known of. */
  readonly unknown: () => Size;
}

/** A use of an op whose present inputs are all constants. */
export interface ConstantCall {
  readonly attributes: Attributes;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly OutputType[];
}

/** What is known of one ONNX op, of the target opset. */
export interface OnnxOp {
  readonly types: (call: Call) => readonly OutputType[];
  /** The outputs of constant inputs; null where this one case is left to the runtime. */
  readonly evaluate?: (call: ConstantCall) => readonly Tensor[] | null;
  /** The outputs of evaluate are views of the inputs' data, whatever their size or type. */
  readonly views?: true;
}

export type OnnxOpTable = Readonly<Record<string, OnnxOp>>;

/** The error for inputs that the op cannot take: whoever made the model wrote what no runtime could run. */
export const broken = ({ op, where, inputs }: Call, found: string): FieldmarkError => {
  const shapes = inputs.map((value) => (value ? `${value.dataType}[${value.shape ?? "?"}]` : "none"));
  return new FieldmarkError("MODEL_BROKEN", `"${where}" becomes ${op} of ${shapes.join(", ")}: ${found}`);
};

/** Input `index`, which the op cannot do without. @throws MODEL_BROKEN */
export function input(call: Call, index: number): Value {
  const value = call.inputs[index];
  if (!value) throw broken(call, `it has no input ${index}`);
  return value;
}

export const tensor = (call: ConstantCall, index: number): Tensor => {
  const value = call.inputs[index];
  if (!value) throw new TypeError(`input ${index} is absent`);
  return value;
};

/** The shape of output `index` as numbers, or null. */
export const outputShape = (call: ConstantCall, index = 0): readonly number[] | null => {
  const shape = call.outputs[index]?.shape;
  return shape?.every((size) => typeof size === "number") ? (shape as number[]) : null;
};

export const numberOr = (attributes: Attributes, key: string, fallback: number): number => {
  const value = attributes[key];
  return typeof value === "number" ? value : fallback;
};

export const numbersOr = <T>(attributes: Attributes, key: string, fallback: T): readonly number[] | T => {
  const value = attributes[key];
  return Array.isArray(value) ? (value as readonly number[]) : fallback;
};

export const unknownShape = (call: Call, rank: number): readonly Size[] =>
  Array.from({ length: rank }, () => call.unknown());

export const unranked = (dataType: DataType): readonly OutputType[] => [{ dataType, shape: null }];
