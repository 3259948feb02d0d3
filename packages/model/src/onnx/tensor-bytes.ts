import type { Tensor } from "../tensor.ts";

/**
 * The bytes of a tensor's elements, little-endian, row-major: a view, not a copy.
 * @throws TypeError for strings, whose elements are not of one size
 */
export function bytesOf({ data, dataType }: Tensor): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new TypeError(`elements of type ${dataType} are not of one size`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
