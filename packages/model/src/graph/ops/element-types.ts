import type { Value } from "../value.ts";

/** Ops whose inputs, from the first that counts to the last, have one element type. */
const ONE_TYPE: ReadonlyMap<string, { readonly from: number; readonly to: number }> = new Map([
  ...["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "MatMul", "Equal", "Less", "Greater"].map(
    (op) => [op, { from: 0, to: 2 }] as const,
  ),
  ...["Conv", "Gemm", "Clip"].map((op) => [op, { from: 0, to: 3 }] as const),
  ["Where", { from: 1, to: 3 }],
  ["Concat", { from: 0, to: Number.POSITIVE_INFINITY }],
]);

/** Whether inputs that must have one element type have several. */
export function mixesTypes(op: string, inputs: readonly (Value | null)[]): boolean {
  const range = ONE_TYPE.get(op);
  if (!range) return false;
  const types = inputs.slice(range.from, range.to).flatMap((value) => (value ? [value.dataType] : []));
  return types.some((dataType) => dataType !== types[0]);
}
