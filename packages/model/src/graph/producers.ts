import type { GraphBuilder } from "./graph-builder.ts";
import type { Value } from "./value.ts";

/** The inputs of `value` when a node of type `op` makes it. */
export function madeBy(
  builder: GraphBuilder,
  op: string,
  value: Value | null | undefined,
): readonly (Value | null)[] | null {
  const producer = builder.producer(value);
  return producer?.op === op ? producer.inputs : null;
}

/** Both orders of the two inputs of a commutative op; none when there are not two. */
export function orders(inputs: readonly (Value | null)[] | null): readonly (readonly [Value, Value])[] {
  const [a, b] = inputs ?? [];
  if (!a || !b) return [];
  return [
    [a, b],
    [b, a],
  ];
}
