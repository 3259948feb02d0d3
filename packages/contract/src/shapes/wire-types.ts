import type { ScalarShape, Shape } from "./service-model.ts";

/** A JSON value of a type that the model does not have there, in the words of AWS's SerializationException. */
export class NotConvertible extends Error {
  static for(value: unknown, type: Shape["type"]): NotConvertible {
    return new NotConvertible(wording(value, type));
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws NotConvertible */
export function checkJsonType(value: unknown, shape: ScalarShape): void {
  if (!hasType(value, shape.type)) throw NotConvertible.for(value, shape.type);
}

function hasType(value: unknown, type: ScalarShape["type"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31;
    case "long":
      return Number.isSafeInteger(value);
    default:
      return typeof value === "number" && Number.isFinite(value);
  }
}

const TARGETS: Readonly<Record<ScalarShape["type"], string>> = {
  string: "a String",
  integer: "an Integer",
  long: "a Long",
  boolean: "a Boolean",
  float: "a Float",
  double: "a Double",
  timestamp: "milliseconds since epoch",
};

function wording(value: unknown, type: Shape["type"]): string {
  if (Array.isArray(value)) return "Start of list found where not expected";
  if (isObject(value)) return "Start of structure or map found where not expected.";
  if (type === "list") return "Expected list or null";
  if (type === "structure" || type === "map") return "Expected null";
  const found =
    typeof value === "boolean"
      ? String(value).toUpperCase()
      : typeof value === "number"
        ? "NUMBER"
        : "STRING";
  return `${found}_VALUE can not be converted to ${TARGETS[type]}`;
}
