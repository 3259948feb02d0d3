import { FieldmarkError } from "@fieldmark/contract";
import type { DataType } from "../tensor.ts";
import type { AttributeValue, Node } from "./graph.ts";

export type Attributes = Node["attributes"];

/** Reads the attributes of one node; a missing or mistyped one is MODEL_BROKEN, naming the node. */
export interface AttributeReader {
  readonly values: Attributes;
  has(key: string): boolean;
  number(key: string): number;
  numbers(key: string): readonly number[];
  flag(key: string): boolean;
  text(key: string): string;
  texts(key: string): readonly string[];
  dataType(key: string): DataType;
}

const decoder = new TextDecoder();

const asText = (value: unknown): string | null => {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? decoder.decode(value) : null;
};

const asNumber = (value: unknown): number | null =>
  typeof value === "number" || typeof value === "bigint" ? Number(value) : null;

function everyOne<T>(list: unknown, read: (item: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(list)) return null;
  const items = list.map(read);
  return items.includes(null) ? null : (items as T[]);
}

export function readAttributes(where: string, values: Attributes): AttributeReader {
  const must = <T>(
    key: string,
    expected: string,
    read: (value: AttributeValue | undefined) => T | null,
  ): T => {
    const found = read(values[key]);
    if (found !== null) return found;
    const state = values[key] === undefined ? "is missing" : "has another type";
    throw new FieldmarkError("MODEL_BROKEN", `${where}: attribute "${key}" ${state}, expected ${expected}`);
  };
  return {
    values,
    has: (key) => values[key] !== undefined,
    number: (key) => must(key, "a number", asNumber),
    numbers: (key) => must(key, "a list of numbers", (list) => everyOne(list, asNumber)),
    flag: (key) => must(key, "true or false", (value) => (typeof value === "boolean" ? value : null)),
    text: (key) => must(key, "text", asText),
    texts: (key) => must(key, "a list of texts", (list) => everyOne(list, asText)),
    dataType: (key) => must(key, "an element type", asText) as DataType,
  };
}
