import type { DataType, Tensor } from "../tensor.ts";
import type { Size } from "./size.ts";
import { elementCount, isInteger, numbersOf } from "./tensor-numbers.ts";

/** What is known of one value of a graph that is being built. */
export interface Value {
  readonly name: string;
  readonly dataType: DataType;
  /** Sizes of the axes; null for unknown rank. */
  readonly shape: readonly Size[] | null;
  /** Its contents where they do not depend on the inputs. */
  readonly constant: Tensor | null;
  /** Contents of a short integer tensor as formulas (null: unknown), such as a shape with the batch in it. */
  readonly elements: readonly (Size | null)[] | null;
}

/** What a type rule tells of one output. */
export interface OutputType {
  readonly dataType: DataType;
  readonly shape: readonly Size[] | null;
  readonly elements?: readonly (Size | null)[] | null;
}

/** Longest integer tensor whose contents are followed as formulas. */
const MOST_ELEMENTS = 64;

export function elementsOf(value: Value): readonly (Size | null)[] | null {
  if (value.elements) return value.elements;
  const { constant } = value;
  if (!constant || !isInteger(constant.dataType) || elementCount(constant.shape) > MOST_ELEMENTS) return null;
  const numbers = numbersOf(constant);
  return numbers && Array.from(numbers);
}

/** The contents of a constant of any length as numbers, or null when they are not known. */
export function constantNumbers(value: Value | null | undefined): readonly number[] | null {
  const numbers = value?.constant && numbersOf(value.constant);
  return numbers ? Array.from(numbers) : null;
}

/** The single number a constant holds, whatever its rank; null when it holds several or is not known. */
export function constantScalar(value: Value | null | undefined): number | null {
  const { constant } = value ?? {};
  if (!constant || elementCount(constant.shape) !== 1) return null;
  return numbersOf(constant)?.[0] ?? null;
}

/** An axis counted from the front; negative ones count from the end. */
export const positiveAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
