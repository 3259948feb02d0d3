import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { AttributeValue, Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Attributes whose type is float (or a list of floats) in ONNX's operator sets. A whole number does not show which
 * of the two ONNX expects, so every other number is written as an int.
 */
const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set([
  "activation_alpha",
  "activation_beta",
  "alpha",
  "beta",
  "bias",
  "clip",
  "cubic_coeff_a",
  "epsilon",
  "extrapolation_value",
  "gamma",
  "high",
  "lambd",
  "low",
  "max_value",
  "mean",
  "min_value",
  "momentum",
  "sample_size",
  "scale",
  "scales",
  "seed",
  "spatial_scale",
  "value_float",
  "value_floats",
]);

/** Numbers of `AttributeProto.AttributeType`. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** How the parts of an attribute that are messages themselves are written. */
export interface Nested {
  tensor(writer: BinaryWriter, tensor: Tensor): void;
  graph(writer: BinaryWriter, graph: Graph): void;
}

/**
 * Writes the fields of one AttributeProto.
 * @throws TypeError when the value is none that ONNX's attribute of this name can hold
 */
export function encodeAttribute(
  writer: BinaryWriter,
  [name, value]: readonly [string, AttributeValue],
  nested: Nested,
): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  const type = (kind: keyof typeof TYPE) => writer.tag(20, WireType.Varint).int32(TYPE[kind]);
  if (typeof value === "number" && isFloatAttribute(name, [value])) {
    writer.tag(2, WireType.Bit32).float(value);
    type("float");
  } else if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    writer.tag(3, WireType.Varint).int64(BigInt(value));
    type("int");
  } else if (typeof value === "string") {
    writer.tag(4, WireType.LengthDelimited).string(value);
    type("string");
  } else if (value instanceof Uint8Array) {
    writer.tag(4, WireType.LengthDelimited).bytes(value);
    type("string");
  } else if (isList(value)) {
    type(encodeList(writer, name, value));
  } else if ("nodes" in value) {
    nested.graph(writer.tag(6, WireType.LengthDelimited).fork(), value);
    writer.join();
    type("graph");
  } else {
    nested.tensor(writer.tag(5, WireType.LengthDelimited).fork(), value);
    writer.join();
    type("tensor");
  }
}

type List = readonly number[] | readonly bigint[] | readonly string[];

function isList(value: AttributeValue): value is List {
  return Array.isArray(value);
}

function encodeList(writer: BinaryWriter, name: string, list: List): "floats" | "ints" | "strings" {
  const strings = list.filter((item) => typeof item === "string");
  if (strings.length > 0) {
    for (const item of strings) writer.tag(9, WireType.LengthDelimited).string(item);
    return "strings";
  }
  const numbers = list.filter((item) => typeof item === "number");
  if (isFloatAttribute(name, numbers)) {
    writer.tag(7, WireType.LengthDelimited).fork();
    for (const item of list) writer.float(Number(item));
    writer.join();
    return "floats";
  }
  writer.tag(8, WireType.LengthDelimited).fork();
  for (const item of list) writer.int64(BigInt(item));
  writer.join();
  return "ints";
}

function isFloatAttribute(name: string, values: readonly number[]): boolean {
  if (FLOAT_ATTRIBUTES.has(name)) return true;
  const fraction = values.find((value) => !Number.isSafeInteger(value));
  if (fraction !== undefined) {
    throw new TypeError(
      `ONNX attribute "${name}" is ${fraction}, expected an integer; is it a float attribute?`,
    );
  }
  return false;
}
