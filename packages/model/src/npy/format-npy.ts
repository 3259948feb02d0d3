import type { Tensor } from "../tensor.ts";
import { formatElementType } from "./element-type.ts";
import { formatNpyHeader } from "./header.ts";

/**
 * A tensor as NumPy would save it: the header, then a view of the data (strings as `|S`, padded with zeros;
 * bfloat16, which NumPy lacks, as float32 of the same values).
 */
export function formatNpy(tensor: Tensor): readonly [header: Uint8Array, data: Uint8Array] {
  const { dataType, shape, data } = numpyLike(tensor);
  if (ArrayBuffer.isView(data)) {
    const header = formatNpyHeader({ descr: formatElementType(dataType, 0), fortranOrder: false, shape });
    return [header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  }
  const strings = data as readonly Uint8Array[];
  const longest = strings.reduce((most, { length }) => Math.max(most, length), 1);
  const bytes = new Uint8Array(strings.length * longest);
  for (const [index, item] of strings.entries()) bytes.set(item, index * longest);
  const header = formatNpyHeader({ descr: formatElementType("string", longest), fortranOrder: false, shape });
  return [header, bytes];
}

function numpyLike(tensor: Tensor): Tensor {
  const { dataType, shape, data } = tensor;
  if (dataType !== "bfloat16") return tensor;
  const bits = Uint32Array.from(data as Uint16Array, (half) => half << 16);
  return { dataType: "float32", shape, data: new Float32Array(bits.buffer) };
}
