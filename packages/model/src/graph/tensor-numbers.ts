import type { DataType, Tensor, TensorData } from "../tensor.ts";

/** Number of elements of a shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
};

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A number as an int64, clamped: slice ends such as 2⁶³ − 1 pass through doubles. NaN becomes the least, as on x86. */
const toInt64 = (value: number): bigint => {
  if (value >= 9.2233720368547e18) return INT64_MAX;
  if (value <= -9.2233720368547e18 || Number.isNaN(value)) return INT64_MIN;
  return BigInt(Math.trunc(value));
};

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

type PlainDataType = keyof typeof ARRAYS;
export type PlainArray = InstanceType<(typeof ARRAYS)[PlainDataType]>;

const isPlain = (dataType: DataType): dataType is PlainDataType => dataType in ARRAYS;

/** A zeroed array whose elements are numbers, or null for 64-bit integers, halves and strings. */
export const plainArray = (dataType: DataType, length: number): PlainArray | null =>
  isPlain(dataType) ? new ARRAYS[dataType](length) : null;

/** The elements as numbers: a view where they are, a copy for 64-bit integers, null for halves and strings. */
export function numbersOf(tensor: Tensor): ArrayLike<number> | null {
  const { dataType, data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return isPlain(dataType) ? (data as PlainArray) : null;
}

/**
 * A tensor of `dataType` from numbers: floats are rounded to nearest, integers truncated, bool is 0 or 1.
 *
 * @throws TypeError for halves and strings, which no evaluation makes
 */
export function tensorOf(dataType: DataType, shape: readonly number[], numbers: ArrayLike<number>): Tensor {
  return { dataType, shape, data: arrayOf(dataType, numbers) };
}

function arrayOf(dataType: DataType, numbers: ArrayLike<number>): TensorData {
  if (dataType === "int64") return BigInt64Array.from(numbers, toInt64);
  if (dataType === "uint64") return BigUint64Array.from(numbers, toInt64);
  if (dataType === "bool") return Uint8Array.from(numbers, (value) => (value === 0 ? 0 : 1));
  if (!isPlain(dataType)) throw new TypeError(`No tensor of ${dataType} is made from numbers`);
  return ARRAYS[dataType].from(numbers) as TensorData;
}

/** A scalar. */
export const scalarTensor = (value: number, dataType: DataType): Tensor => tensorOf(dataType, [], [value]);

export const isFloat = (dataType: DataType): boolean =>
  dataType === "float32" || dataType === "float64" || dataType === "float16" || dataType === "bfloat16";

export const isInteger = (dataType: DataType): boolean => /^u?int/.test(dataType);
