import type { DataType, Tensor, TensorData } from "./tensor.ts";

const FROM_NUMBERS = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  float16: (values) => Uint16Array.from(values, toHalf),
  bfloat16: (values) => Uint16Array.from(values, toBrainFloat),
  int8: (values) => Int8Array.from(values),
  int16: (values) => Int16Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))),
  uint8: (values) => Uint8Array.from(values),
  uint16: (values) => Uint16Array.from(values),
  uint32: (values) => Uint32Array.from(values),
  uint64: (values) => BigUint64Array.from(values, (value) => BigInt(Math.trunc(value))),
  bool: (values) => Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
} as const satisfies Record<Exclude<DataType, "string">, (values: ArrayLike<number>) => TensorData>;

/**
 * The tensor with elements of another type; itself when it has that type already. Floats are rounded to nearest
 * even; integers must fit.
 * @throws TypeError for strings
 */
export function convertTensor(tensor: Tensor, dataType: DataType): Tensor {
  if (tensor.dataType === dataType) return tensor;
  if (dataType === "string") throw new TypeError("numbers do not become strings");
  return { dataType, shape: tensor.shape, data: FROM_NUMBERS[dataType](numbersOf(tensor)) };
}

/** The elements as numbers: a view where they are some already. */
export function numbersOf({ dataType, data }: Tensor): ArrayLike<number> {
  if (dataType === "float16") return Float32Array.from(data as Uint16Array, fromHalf);
  if (dataType === "bfloat16") {
    return new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer);
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (dataType === "string") throw new TypeError("strings are no numbers");
  return data as Float32Array;
}

/** IEEE 754 binary16, from its bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the nearest binary16, ties to even. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const unit = 2 ** (exponent - 10);
  const whole = roundHalfEven(size / unit);
  // A fraction that rounds up to the next power of two carries into the exponent by itself.
  return sign | (whole + (exponent + 14) * 1024);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function toBrainFloat(value: number): number {
  float[0] = value;
  const [word = 0] = bits;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}
