import type { AttributeValue } from "../../graph/graph.ts";
import { dataTypeName } from "./data-types.ts";
import { ATTR_LIST, ATTR_VALUE, NAME_ATTR_LIST, type TensorShape } from "./messages.ts";
import { decodeTensorProto, type ExpansionBudget } from "./tensor-proto.ts";
import { decode, type MessageOf } from "./wire.ts";

/** Attributes of a node or of a call, still as bytes, by name. */
export type RawAttributes = ReadonlyMap<string, Uint8Array>;

type AttrValue = MessageOf<typeof ATTR_VALUE>;

/**
 * A node's attributes as Graph nodes carry them: dtypes by name, shapes as numbers with −1 for an unknown size,
 * strings as text, functions by their name. Left out: TensorFlow's own notes (names that start with "_"),
 * shapes of unknown rank, and lists of shapes.
 * @param caller attributes of the call that this node's function was inlined from, for its placeholders
 */
export function decodeAttributes(
  raw: RawAttributes,
  place: string,
  { caller, budget }: { readonly caller: RawAttributes; readonly budget: ExpansionBudget },
): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = Object.create(null);
  for (const [name, bytes] of raw) {
    if (name.startsWith("_")) continue;
    const value = attributeValue(substituted(bytes, caller, place), place, budget);
    if (value !== null) attributes[name] = value;
  }
  return attributes;
}

/** One attribute, placeholders replaced by the caller's; undefined when the node has none of that name. */
export function attribute(
  raw: RawAttributes,
  name: string,
  place: string,
  caller: RawAttributes = new Map(),
): AttrValue | undefined {
  const bytes = raw.get(name);
  return bytes === undefined ? undefined : substituted(bytes, caller, place);
}

function substituted(bytes: Uint8Array, caller: RawAttributes, place: string): AttrValue {
  const value = decode(ATTR_VALUE, bytes, place);
  if (value.placeholder === undefined) return value;
  const given = caller.get(value.placeholder);
  return given === undefined ? value : decode(ATTR_VALUE, given, place);
}

/** Name of the function that an attribute refers to, and the attributes it is called with. */
export function functionReference(
  raw: RawAttributes,
  name: string,
  place: string,
): MessageOf<typeof NAME_ATTR_LIST> | undefined {
  const value = attribute(raw, name, place);
  return value?.func === undefined ? undefined : decode(NAME_ATTR_LIST, value.func, place);
}

function attributeValue(value: AttrValue, place: string, budget: ExpansionBudget): AttributeValue | null {
  if (value.s !== undefined) return text(value.s);
  if (value.i !== undefined) return integer(value.i);
  if (value.f !== undefined) return value.f;
  if (value.b !== undefined) return value.b;
  if (value.type !== undefined) return dataTypeName(value.type);
  if (value.shape !== undefined) return sizes(value.shape);
  if (value.tensor !== undefined) return decodeTensorProto(value.tensor, place, budget);
  if (value.func !== undefined) return decode(NAME_ATTR_LIST, value.func, place).name ?? "";
  if (value.list !== undefined) return listValue(value.list, place);
  return null;
}

function listValue(bytes: Uint8Array, place: string): AttributeValue | null {
  const list = decode(ATTR_LIST, bytes, place);
  if (list.s.length > 0) return list.s.map(text);
  if (list.f.length > 0) return list.f;
  if (list.b.length > 0) return list.b.map(Number);
  if (list.type.length > 0) return list.type.map(dataTypeName);
  if (list.func.length > 0) return list.func.map((func) => decode(NAME_ATTR_LIST, func, place).name ?? "");
  if (list.shape.length > 0 || list.tensor.length > 0) return null;
  const integers = list.i.map(integer);
  return integers.every((value) => typeof value === "number") ? integers : list.i;
}

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");

const integer = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

const sizes = (shape: TensorShape): readonly number[] | null =>
  shape.unknownRank ? null : shape.dim.map((dim) => dim.size ?? 0);
