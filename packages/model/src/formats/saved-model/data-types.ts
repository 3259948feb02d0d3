import type { DataType, TensorData } from "../../tensor.ts";

/** TensorFlow's DataType numbers that tensors here can have; quantised integers are their plain integers. */
const DATA_TYPES: ReadonlyMap<number, DataType> = new Map([
  [1, "float32"],
  [2, "float64"],
  [3, "int32"],
  [4, "uint8"],
  [5, "int16"],
  [6, "int8"],
  [7, "string"],
  [9, "int64"],
  [10, "bool"],
  [11, "int8"],
  [12, "uint8"],
  [13, "int32"],
  [14, "bfloat16"],
  [15, "int16"],
  [16, "uint16"],
  [17, "uint16"],
  [19, "float16"],
  [22, "uint32"],
  [23, "uint64"],
]);

const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [8, "complex64"],
  [18, "complex128"],
  [20, "resource"],
  [21, "variant"],
  [24, "float8_e5m2"],
  [25, "float8_e4m3fn"],
  [29, "int4"],
  [30, "uint4"],
]);

/** Numbers from 101 on are the reference types of TensorFlow 1 variables. */
const withoutReference = (dtype: number): number => (dtype > 100 ? dtype - 100 : dtype);

/** @returns null for types that no tensor here can have: complex, resource, variant, 8- and 4-bit floats, … */
export const dataTypeOf = (dtype: number): DataType | null => DATA_TYPES.get(withoutReference(dtype)) ?? null;

/** TensorFlow's name of a type, for attributes and messages. */
export const dataTypeName = (dtype: number): string =>
  dataTypeOf(dtype) ?? OTHER_NAMES.get(withoutReference(dtype)) ?? `dtype ${dtype}`;

type NumericType = Exclude<DataType, "string">;
type NumericArray = Exclude<TensorData, readonly Uint8Array[]>;
type NumericConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
};

const ARRAYS: Readonly<Record<NumericType, NumericConstructor>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** Bytes of one element. */
export const elementSize = (dataType: NumericType): number => ARRAYS[dataType].BYTES_PER_ELEMENT;

/**
 * Little-endian bytes as elements: a view where the bytes are aligned, a copy where they are not.
 * @param bytes its length is a multiple of the element size
 */
export function elementsOf(dataType: NumericType, bytes: Uint8Array): NumericArray {
  const array = ARRAYS[dataType];
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
}
