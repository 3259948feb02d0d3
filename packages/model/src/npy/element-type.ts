import type { DataType, TensorData } from "../tensor.ts";

/** How the elements of a .npy file lie in its bytes. */
export interface ElementType {
  readonly dataType: DataType;
  /** Bytes of one element; of a string the longest, 0 when all are empty. */
  readonly size: number;
  readonly bigEndian: boolean;
}

/** NumPy's kind letter and size of each plain dtype. */
const NAMES: Readonly<Record<string, DataType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};
/** Longest `|S` that is read. */
const MAX_STRING_BYTES = 2 ** 30;

/** The element type of a descr such as "<f4", or null when it is none that a tensor can have. */
export function parseElementType(descr: string): ElementType | null {
  const [, order = "", kind = "", digits = ""] = /^([<>|=]?)([a-zA-Z])(\d{0,10})$/.exec(descr) ?? [];
  const size = Number(digits);
  if (kind === "S" && digits !== "" && size <= MAX_STRING_BYTES)
    return { dataType: "string", size, bigEndian: false };
  const name = `${kind}${digits}`;
  const dataType = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (dataType === undefined || (order === "|" && size > 1)) return null;
  return { dataType, size, bigEndian: order === ">" && size > 1 };
}

/** The descr NumPy writes for an element type. */
export function formatElementType(dataType: DataType, stringBytes: number): string {
  if (dataType === "string") return `|S${stringBytes}`;
  const name = Object.keys(NAMES).find((key) => NAMES[key] === dataType);
  if (name === undefined) throw new TypeError(`NumPy has no dtype for ${dataType}`);
  return `${name.endsWith("1") ? "|" : "<"}${name}`;
}

const VIEWS = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/**
 * Little-endian bytes as elements.
 * @param bytes starts at offset 0 of its buffer, so that every element type is aligned
 */
export function elementsOf(bytes: Uint8Array, { dataType, size }: ElementType): TensorData {
  if (dataType === "string") return stringsOf(bytes, size);
  if (dataType === "bfloat16") throw new TypeError("NumPy has no dtype for bfloat16");
  return new VIEWS[dataType](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size);
}

/** As NumPy reads `|S`: zeros at the end are padding. */
function stringsOf(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: size === 0 ? 0 : bytes.length / size }, (_, index) => {
    const item = bytes.subarray(index * size, (index + 1) * size);
    let end = item.length;
    while (end > 0 && item[end - 1] === 0) end--;
    return item.subarray(0, end);
  });
}

/** Turns the byte order of every element round, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}
