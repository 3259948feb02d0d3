import type { Tensor as OrtTensor, TensorConstructor } from "onnxruntime-node";
import type { DataType, Tensor, TensorData } from "../tensor.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A tensor as onnxruntime takes it: the same memory, except for strings. */
export function toOnnxruntime(Constructor: TensorConstructor, { dataType, shape, data }: Tensor): OrtTensor {
  if (dataType === "bfloat16") throw new TypeError("onnxruntime-node has no bfloat16 tensors");
  if (!ArrayBuffer.isView(data)) {
    const texts = (data as readonly Uint8Array[]).map((item) => decoder.decode(item));
    return new Constructor("string", texts, shape);
  }
  // Newer Nodes have a Float16Array of their own, which onnxruntime then expects.
  const elements = dataType === "float16" ? asHalves(data as Uint16Array) : data;
  return new Constructor(dataType, elements as never, shape);
}

type HalfArray = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

function asHalves(bits: Uint16Array): ArrayBufferView {
  const Halves = (globalThis as { Float16Array?: HalfArray }).Float16Array;
  return Halves === undefined ? bits : new Halves(bits.buffer, bits.byteOffset, bits.length);
}

/** The reverse. */
export function fromOnnxruntime(tensor: OrtTensor | undefined): Tensor {
  if (tensor === undefined) throw new TypeError("onnxruntime left an output out");
  const { type, dims, data } = tensor;
  const shape = [...dims];
  if (Array.isArray(data)) {
    return { dataType: "string", shape, data: data.map((item) => encoder.encode(String(item))) };
  }
  const view = data as unknown as ArrayBufferView;
  const elements =
    type === "float16"
      ? new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2)
      : (data as TensorData);
  return { dataType: type as DataType, shape, data: elements };
}
