/** Element types a tensor can have, in ONNX's spelling. */
export type DataType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string";

/** Arrays that hold elements: float16 and bfloat16 as their bit patterns, bool as 0 and 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly Uint8Array[];

/** A dense array in row-major order; `data` may be a view of a larger buffer and is never written to. */
export interface Tensor {
  readonly dataType: DataType;
  /** Sizes of the axes, outermost first; [] is a scalar. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}
