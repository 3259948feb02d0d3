import { FieldmarkError } from "@fieldmark/contract";
import type { DataType, Tensor, TensorData } from "../../tensor.ts";
import { dataTypeName, dataTypeOf, elementSize, elementsOf } from "./data-types.ts";
import { TENSOR_PROTO, type TensorProto, type TensorShape } from "./messages.ts";
import { decode } from "./wire.ts";

/** Bytes that constants written as one repeated element may grow to, together; counts down. */
export interface ExpansionBudget {
  bytes: number;
}

const broken = (place: string, found: string): FieldmarkError =>
  new FieldmarkError("MODEL_BROKEN", `${place}: ${found}`);

/** Sizes of a fully known shape. @throws MODEL_BROKEN when a size is missing, negative, or too large together */
export function staticShape(shape: TensorShape | undefined, place: string): readonly number[] {
  if (shape?.unknownRank) throw broken(place, "the shape is unknown, expected a constant's");
  const sizes = (shape?.dim ?? []).map((dim) => dim.size ?? 0);
  if (sizes.some((size) => size < 0)) throw broken(place, `shape [${sizes}] has a negative size`);
  if (!Number.isSafeInteger(elementCount(sizes))) throw broken(place, `shape [${sizes}] is too large`);
  return sizes;
}

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((count, size) => count * size, 1);

/**
 * A constant's value. Its data are a view of `source` where the file holds them whole.
 * @throws MODEL_BROKEN when values and shape disagree; MODEL_OP_UNSUPPORTED for complex and other rare types
 */
export function decodeTensorProto(source: Uint8Array, place: string, budget: ExpansionBudget): Tensor {
  const proto = decode(TENSOR_PROTO, source, place);
  const shape = staticShape(proto.shape, place);
  const count = elementCount(shape);
  const dataType = dataTypeOf(proto.dtype ?? 0);
  if (dataType === null) {
    const type = dataTypeName(proto.dtype ?? 0);
    throw new FieldmarkError("MODEL_OP_UNSUPPORTED", `${place}: constants of type ${type} are not supported`);
  }
  if (dataType === "string") {
    return { dataType, shape, data: filled(proto.string, count, new Uint8Array(0), place, budget) };
  }
  const bytes = count * elementSize(dataType);
  if (proto.content !== undefined && proto.content.length > 0) {
    if (proto.content.length !== bytes) {
      throw broken(place, `${proto.content.length} bytes for ${dataType} [${shape}], expected ${bytes}`);
    }
    return { dataType, shape, data: elementsOf(dataType, proto.content) };
  }
  return { dataType, shape, data: listed(proto, dataType, count, place, budget) };
}

/** Elements of a string tensor as text; none of any other. */
export const stringElements = ({ data }: Tensor): readonly string[] =>
  ArrayBuffer.isView(data) ? [] : data.map((bytes) => Buffer.from(bytes).toString("utf8"));

type NumericType = Exclude<DataType, "string">;

/** Which list of a TensorProto holds the values of a type. */
const LISTS: Readonly<Record<NumericType, (proto: TensorProto) => readonly (number | bigint | boolean)[]>> = {
  float32: (proto) => proto.float,
  float64: (proto) => proto.double,
  float16: (proto) => proto.half,
  bfloat16: (proto) => proto.half,
  int8: (proto) => proto.int,
  int16: (proto) => proto.int,
  int32: (proto) => proto.int,
  int64: (proto) => proto.int64,
  uint8: (proto) => proto.int,
  uint16: (proto) => proto.int,
  uint32: (proto) => proto.uint32,
  uint64: (proto) => proto.uint64,
  bool: (proto) => proto.bool,
};

/** Values from the typed list; the last one repeats to the end, and an empty list is all zeros. */
function listed(
  proto: TensorProto,
  dataType: NumericType,
  count: number,
  place: string,
  budget: ExpansionBudget,
): TensorData {
  const values = LISTS[dataType](proto);
  if (values.length > count) throw broken(place, `${values.length} values for shape of ${count} elements`);
  const size = elementSize(dataType);
  spend(budget, (count - values.length) * size, place);
  const data = elementsOf(dataType, new Uint8Array(count * size));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (const [i, value] of values.entries()) data[i] = BigInt(value);
    data.fill(data[values.length - 1] ?? 0n, values.length);
  } else {
    for (const [i, value] of values.entries()) data[i] = Number(value);
    data.fill(data[values.length - 1] ?? 0, values.length);
  }
  return data;
}

function filled<T>(
  values: readonly T[],
  count: number,
  zero: T,
  place: string,
  budget: ExpansionBudget,
): readonly T[] {
  if (values.length > count) throw broken(place, `${values.length} values for shape of ${count} elements`);
  spend(budget, (count - values.length) * 8, place);
  const last = values.at(-1) ?? zero;
  return values.concat(Array.from({ length: count - values.length }, () => last));
}

function spend(budget: ExpansionBudget, bytes: number, place: string): void {
  budget.bytes -= bytes;
  if (budget.bytes < 0) throw broken(place, "constants that repeat one value fill more memory than allowed");
}
