import type { Dimension, ValueType } from "./graph/graph.ts";
import type { DataType } from "./tensor.ts";

/** The input of a model that takes pictures. */
export interface PictureInput {
  /** The signature's key. */
  readonly name: string;
  readonly dataType: DataType;
  /** Rows that every run must have; null when any number may be given. */
  readonly batch: Dimension;
  /** Pixels; null when the model leaves the size open. */
  readonly height: Dimension;
  readonly width: Dimension;
  /** Where the three channels stand. */
  readonly layout: "NHWC" | "NCHW";
}

/**
 * The input that takes pictures: the only one, [batch, height, width, 3], or [batch, 3, height, width] when the
 * signature states the 3 there and not at the end. Null when there is none such.
 */
export function findPictureInput(inputs: Readonly<Record<string, ValueType>>): PictureInput | null {
  const [entry, another] = Object.entries(inputs);
  if (entry === undefined || another !== undefined) return null;
  const [name, { dataType, shape }] = entry;
  if (shape === null || shape.length !== 4 || dataType === "string" || dataType === "bool") return null;
  const [batch = null, first = null, second = null, third = null] = shape;
  if (third === 3) return { name, dataType, batch, height: first, width: second, layout: "NHWC" };
  if (first === 3) return { name, dataType, batch, height: second, width: third, layout: "NCHW" };
  return null;
}
