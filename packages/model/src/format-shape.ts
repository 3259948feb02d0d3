import type { ValueType } from "./graph/graph.ts";

/** A shape as people write it: [?, 224, 224, 3], with ? for what is open. */
export function formatShape(shape: ValueType["shape"]): string {
  return shape === null ? "[unknown rank]" : `[${shape.map((size) => size ?? "?").join(", ")}]`;
}
