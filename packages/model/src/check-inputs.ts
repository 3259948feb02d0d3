import { FieldmarkError } from "@fieldmark/contract";
import { formatShape } from "./format-shape.ts";
import type { ValueType } from "./graph/graph.ts";
import type { Tensor } from "./tensor.ts";

type Inputs = Readonly<Record<string, Tensor>>;

/** The rows that a run is about. */
export interface Rows {
  /** Null when the inputs have no rows in common: they run as they are. */
  readonly rows: number | null;
  /** Rows that the model wants in every run; null when the given ones may run at once. */
  readonly fixed: number | null;
}

/**
 * Holds tensors against a signature; the first axis may have any length, because rows are split or padded.
 * @throws MODEL_INPUT
 */
export function checkInputs(
  inputs: Inputs,
  signature: Readonly<Record<string, ValueType>>,
  path: string,
): Rows {
  const problem = (found: string): never => {
    throw new FieldmarkError("MODEL_INPUT", `${path}: ${found}`);
  };
  const expected = Object.entries(signature).map(
    ([name, { dataType, shape }]) => `${name}: ${dataType} ${formatShape(shape)}`,
  );
  const wanted = `expected ${expected.join("; ")}`;
  for (const name of Object.keys(inputs)) {
    if (!Object.hasOwn(signature, name)) problem(`there is no input ${JSON.stringify(name)}, ${wanted}`);
  }
  const rows = new Set<number>();
  const fixed = new Set<number>();
  for (const [name, type] of Object.entries(signature)) {
    const tensor = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (tensor === undefined) return problem(`input ${JSON.stringify(name)} is missing, ${wanted}`);
    const found = `input ${JSON.stringify(name)} is ${tensor.dataType} ${formatShape(tensor.shape)}`;
    if (!fits(tensor, type)) problem(`${found}, expected ${type.dataType} ${formatShape(type.shape)}`);
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    if (tensor.data.length !== count) problem(`${found}, but holds ${tensor.data.length} elements`);
    if (count === 0) problem(`${found}: it is empty`);
    const [own] = tensor.shape;
    const [stated = null] = type.shape ?? [];
    if (own === undefined || type.shape === null) continue;
    rows.add(own);
    if (stated !== null) fixed.add(stated);
  }
  const [count, otherCount] = rows;
  const [size = null, otherSize] = fixed;
  const asTheyAre = Object.entries(signature).every(([name, { shape }]) => {
    const [stated = null] = shape ?? [];
    return stated === null || stated === inputs[name]?.shape[0];
  });
  if (count !== undefined && otherCount === undefined && otherSize === undefined) {
    return { rows: count, fixed: asTheyAre ? null : size };
  }
  if (asTheyAre) return { rows: null, fixed: null };
  return problem(`its inputs have different numbers of rows and cannot be split, ${wanted}`);
}

function fits(tensor: Tensor, { dataType, shape }: ValueType): boolean {
  if (tensor.dataType !== dataType) return false;
  if (shape === null) return true;
  return (
    tensor.shape.length === shape.length &&
    shape.every((size, axis) => axis === 0 || size === null || size === tensor.shape[axis])
  );
}
