import type { Tensor } from "../tensor.ts";

/** Value of a float16 bit pattern. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * A constant in float32: halves and bfloat16 exactly, float64 rounded; any other type as it is.
 * ONNX Runtime's CPU kernels know convolutions in float32 only.
 */
export function inSinglePrecision(tensor: Tensor): Tensor {
  const { dataType, shape, data } = tensor;
  if (dataType === "float64")
    return { dataType: "float32", shape, data: Float32Array.from(data as Float64Array) };
  if (dataType === "bfloat16") {
    const bits = Uint32Array.from(data as Uint16Array, (half) => half << 16);
    return { dataType: "float32", shape, data: new Float32Array(bits.buffer) };
  }
  if (dataType === "float16") {
    return { dataType: "float32", shape, data: Float32Array.from(data as Uint16Array, halfValue) };
  }
  return tensor;
}
