import { FieldmarkError } from "@fieldmark/contract";
import type { Tensor } from "../tensor.ts";
import { type ElementType, elementsOf, parseElementType, swapBytes } from "./element-type.ts";
import { MAX_HEADER_BYTES, parseNpyHeader } from "./header.ts";

/** Where the data of a .npy file lie, and what they are. */
export interface NpyLayout {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** Offset of the first element. */
  readonly start: number;
  /** Bytes of all elements. */
  readonly bytes: number;
}

/** Bytes that surely hold the header of a readable file. */
export const NPY_HEAD_BYTES = MAX_HEADER_BYTES + 12;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads what stands before the data of a .npy file (format versions 1 to 3).
 *
 * @param head the file's first bytes, NPY_HEAD_BYTES of them or all
 * @param size bytes of the whole file; it must be exactly what the header asks for
 * @param file its name, for the error
 * @throws TENSOR_FILE_BROKEN
 * @see numpy.lib.format
 */
export function npyLayout(head: Uint8Array, size: number, file: string): NpyLayout {
  const problem = (found: string): never => {
    throw new FieldmarkError("TENSOR_FILE_BROKEN", `${file}: ${found}`, { file });
  };
  if (MAGIC.some((byte, index) => head[index] !== byte)) problem("not a .npy file");
  const [version = 0] = head.subarray(6);
  if (version < 1 || version > 3) problem(`.npy format version ${version}, expected 1, 2 or 3`);
  const preamble = version === 1 ? 10 : 12;
  if (head.length < preamble) problem("cut short in its header");
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) problem(`a header of ${length} bytes, expected at most ${MAX_HEADER_BYTES}`);
  const start = preamble + length;
  if (head.length < start) problem("cut short in its header");

  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(head.subarray(preamble, start));
  const { descr, fortranOrder, shape } = parseNpyHeader(text, problem);
  const type = parseElementType(descr);
  if (type === null) {
    const why = descr.startsWith("|O") ? " (a pickle of Python objects)" : "";
    return problem(`dtype ${JSON.stringify(descr)}${why}, expected a plain number, bool or |S`);
  }
  const count = shape.reduce((product, one) => product * one, 1);
  const bytes = count * type.size;
  if (!Number.isSafeInteger(bytes) || (type.size === 0 && count > 0)) {
    problem(`shape (${shape.join(", ")}) of dtype ${JSON.stringify(descr)} is not possible`);
  }
  if (size !== start + bytes) {
    problem(`${size - start} bytes of data, but shape (${shape.join(", ")}) of ${descr} takes ${bytes}`);
  }
  return { type, shape, fortranOrder, start, bytes };
}

/**
 * The tensor whose data have been read.
 * @param bytes the data in a buffer of their own; they are reordered in place where the file's byte order asks for it
 */
export function npyTensor(bytes: Uint8Array, { type, shape, fortranOrder }: NpyLayout, file: string): Tensor {
  if (type.bigEndian) swapBytes(bytes, type.size);
  if (type.dataType === "bool" && bytes.some((byte) => byte > 1)) {
    throw new FieldmarkError("TENSOR_FILE_BROKEN", `${file}: a bool is neither 0 nor 1`, { file });
  }
  const ordered = fortranOrder && shape.length > 1 ? toRowMajor(bytes, shape, type.size) : bytes;
  return { dataType: type.dataType, shape, data: elementsOf(ordered, type) };
}

/** Elements in Fortran's order (first axis fastest) put into C's. */
function toRowMajor(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const ordered = new Uint8Array(bytes.length);
  const steps: number[] = [];
  shape.reduce((step, length, axis) => {
    steps[axis] = step;
    return step * length;
  }, size);
  const position = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < bytes.length; to += size) {
    for (let k = 0; k < size; k++) ordered[to + k] = bytes[from + k] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = steps[axis] ?? 0;
      const next = (position[axis] ?? 0) + 1;
      from += step;
      if (next < (shape[axis] ?? 0)) {
        position[axis] = next;
        break;
      }
      from -= next * step;
      position[axis] = 0;
    }
  }
  return ordered;
}

/**
 * The tensor of a whole .npy file in memory.
 * @throws TENSOR_FILE_BROKEN
 */
export function parseNpy(content: Uint8Array, file: string): Tensor {
  const layout = npyLayout(content.subarray(0, NPY_HEAD_BYTES), content.length, file);
  return npyTensor(content.slice(layout.start), layout, file);
}
