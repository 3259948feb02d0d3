import { FieldmarkError } from "@fieldmark/contract";
import { crc32c } from "@node-rs/crc32";
import type { Tensor } from "../../tensor.ts";
import { type Box, copyBox } from "./block-copy.ts";
import { byteString, Cursor, maskCrc, maskedCrc32c, readTable } from "./bundle-index.ts";
import { dataTypeName, dataTypeOf, elementSize, elementsOf } from "./data-types.ts";
import { BUNDLE_ENTRY, BUNDLE_HEADER, type BundleEntry } from "./messages.ts";
import { type Extent, sliceKey } from "./ordered-code.ts";
import { elementCount, staticShape } from "./tensor-proto.ts";
import { decode } from "./wire.ts";

/** The variables of a SavedModel: `variables.index` and its data files. */
export interface TensorBundle {
  /** Whether a tensor of this name is stored, whole or in slices. */
  has(name: string): boolean;
  /** Bytes of the tensor; 0 when there is none. */
  byteLength(name: string): number;
  /**
   * A tensor, its CRC32C checked; a view of the data file unless it is put together from slices.
   * @param box part of it to read; the whole tensor when absent
   * @throws MODEL_BROKEN when it is absent, damaged, or its data file is
   */
  read(name: string, box?: Box): Tensor;
}

interface Shards {
  readonly folder: string;
  readonly count: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const INDEX = "variables.index";

/**
 * Opens a TensorBundle.
 * @param files contents by path; those of `folder` are `<folder>variables.index` and `<folder>variables.data-…`
 * @throws MODEL_BROKEN when the index is damaged, big-endian, or claims more data than there are
 */
export function openTensorBundle(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
  place: string,
): TensorBundle {
  const index = files.get(folder + INDEX);
  if (index === undefined) throw new FieldmarkError("MODEL_BROKEN", `${place}: ${folder}${INDEX} is missing`);
  const where = `${place}: ${folder}${INDEX}`;
  const table = readTable(index, where);
  const header = decode(BUNDLE_HEADER, table.get("") ?? new Uint8Array(0), where);
  if ((header.endianness ?? 0) !== 0) {
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${where}: written on a big-endian machine, expected little-endian`,
    );
  }
  const entries = new Map<string, BundleEntry>();
  for (const [key, value] of table) if (key !== "") entries.set(key, decode(BUNDLE_ENTRY, value, where));
  const shards = { folder, count: header.shards ?? 1, files };
  checkSizes(entries.values(), shards, where);
  return new Bundle(entries, shards, where);
}

/** Entries that together claim more bytes than stand in the data files lie, and would cost time without end. */
function checkSizes(entries: Iterable<BundleEntry>, { folder, files }: Shards, where: string): void {
  let stored = 0;
  for (const [name, file] of files) if (name.startsWith(`${folder}variables.data-`)) stored += file.length;
  let claimed = 0;
  for (const { size = 0, offset = 0 } of entries) {
    if (size < 0 || offset < 0)
      throw new FieldmarkError("MODEL_BROKEN", `${where}: a negative size or offset`);
    claimed += size;
  }
  if (claimed > stored) {
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${where}: lists ${claimed} bytes of tensors, but the data files hold ${stored}`,
    );
  }
}

class Bundle implements TensorBundle {
  readonly #entries: ReadonlyMap<string, BundleEntry>;
  readonly #shards: Shards;
  readonly #where: string;

  constructor(entries: ReadonlyMap<string, BundleEntry>, shards: Shards, where: string) {
    this.#entries = entries;
    this.#shards = shards;
    this.#where = where;
  }

  has(name: string): boolean {
    return this.#entries.has(keyOf(name));
  }

  byteLength(name: string): number {
    const entry = this.#entries.get(keyOf(name));
    if (entry === undefined) return 0;
    if (entry.slices.length === 0) return entry.size ?? 0;
    return this.#assembledBytes(entry, this.#place(name));
  }

  read(name: string, box?: Box): Tensor {
    const entry = this.#entries.get(keyOf(name));
    if (entry === undefined) throw this.#broken(name, "is not stored");
    if (box !== undefined && entry.slices.length > 0) {
      const stored = this.#entries.get(byteString(sliceKey(Buffer.from(name), extentsOf(box, entry))));
      if (stored !== undefined) return this.#readEntry(name, stored, box.shape);
    }
    const whole =
      entry.slices.length > 0
        ? this.#assemble(name, entry)
        : this.#readEntry(name, entry, staticShape(entry.shape, this.#place(name)));
    return box === undefined ? whole : this.#cut(name, whole, box);
  }

  #place(name: string): string {
    return `${this.#where}: tensor "${name}"`;
  }

  #broken(name: string, found: string): FieldmarkError {
    return new FieldmarkError("MODEL_BROKEN", `${this.#place(name)} ${found}`);
  }

  #readEntry(name: string, entry: BundleEntry, shape: readonly number[]): Tensor {
    const dataType = dataTypeOf(entry.dtype ?? 0);
    if (dataType === null) {
      const type = dataTypeName(entry.dtype ?? 0);
      throw new FieldmarkError(
        "MODEL_OP_UNSUPPORTED",
        `${this.#place(name)} has type ${type}, not supported`,
      );
    }
    const bytes = this.#data(name, entry);
    if (dataType === "string") return this.#readStrings(name, entry, shape, bytes);
    const expected = elementCount(shape) * elementSize(dataType);
    if (bytes.length !== expected) {
      throw this.#broken(name, `has ${bytes.length} bytes, expected ${expected} of ${dataType} [${shape}]`);
    }
    if (entry.crc32c !== undefined && maskedCrc32c(bytes) !== entry.crc32c) {
      throw this.#broken(name, "is damaged: its CRC32C does not match");
    }
    return { dataType, shape, data: elementsOf(dataType, bytes) };
  }

  #data(name: string, { shard = 0, offset = 0, size = 0 }: BundleEntry): Uint8Array {
    const { folder, count, files } = this.#shards;
    const digits = (value: number): string => String(value).padStart(5, "0");
    const fileName = `${folder}variables.data-${digits(shard)}-of-${digits(count)}`;
    const file = files.get(fileName);
    if (file === undefined) throw this.#broken(name, `stands in ${fileName}, which is missing`);
    if (offset + size > file.length) {
      throw this.#broken(name, `ends at byte ${offset + size} of ${fileName}, which has ${file.length}`);
    }
    return file.subarray(offset, offset + size);
  }

  /** Lengths as varints, their masked CRC32C, then the strings; the entry's CRC32C runs over all of it. */
  #readStrings(name: string, entry: BundleEntry, shape: readonly number[], bytes: Uint8Array): Tensor {
    const count = elementCount(shape);
    if (count > bytes.length) throw this.#broken(name, `has ${bytes.length} bytes for ${count} strings`);
    try {
      const cursor = new Cursor(bytes);
      const lengths = Array.from({ length: count }, () => cursor.varint());
      let crc = crc32c(new Uint8Array(Uint32Array.from(lengths).buffer));
      for (const length of lengths) if (length > 0xffffffff) throw new RangeError("a string is too long");
      const checksum = cursor.take(4);
      if (Buffer.from(checksum).readUInt32LE() !== maskCrc(crc)) throw new RangeError("its lengths' CRC32C");
      crc = crc32c(bytes.subarray(cursor.position - 4), crc);
      const data = lengths.map((length) => cursor.take(length));
      if (cursor.position !== bytes.length) throw new RangeError("bytes are left over");
      if (entry.crc32c !== undefined && maskCrc(crc) !== entry.crc32c) throw new RangeError("its CRC32C");
      return { dataType: "string", shape, data };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#broken(name, `is damaged: ${error.message}`);
    }
  }

  #assembledBytes(entry: BundleEntry, place: string): number {
    const dataType = dataTypeOf(entry.dtype ?? 0);
    if (dataType === null || dataType === "string") return 0;
    return elementCount(staticShape(entry.shape, place)) * elementSize(dataType);
  }

  /** A tensor stored in slices, put together. */
  #assemble(name: string, entry: BundleEntry): Tensor {
    const dataType = dataTypeOf(entry.dtype ?? 0);
    if (dataType === null || dataType === "string") {
      throw this.#broken(name, `is sliced and has type ${dataTypeName(entry.dtype ?? 0)}, not supported`);
    }
    const shape = staticShape(entry.shape, this.#place(name));
    const parts = entry.slices.map(({ extent }) => {
      const extents = extent.map(({ start = 0, length }) => ({ start, length: length ?? -1 }));
      const box = boxOf(extents, shape);
      if (box === null) throw this.#broken(name, `has a slice outside its shape [${shape}]`);
      const stored = this.#entries.get(byteString(sliceKey(Buffer.from(name), extents)));
      if (stored === undefined) throw this.#broken(name, `lacks its slice at [${box.start}]`);
      return { box, stored };
    });
    const covered = parts.reduce((count, { box }) => count + elementCount(box.shape), 0);
    const claimed = parts.reduce((bytes, { stored }) => bytes + (stored.size ?? 0), 0);
    const bytes = elementCount(shape) * elementSize(dataType);
    if (covered !== elementCount(shape) || claimed !== bytes) {
      throw this.#broken(name, `has slices of ${covered} elements, expected ${elementCount(shape)}`);
    }
    const whole = new Uint8Array(bytes);
    for (const { box, stored } of parts) {
      const { data } = this.#readEntry(name, stored, box.shape);
      copyBox(
        { bytes: bytesOf(data), shape: box.shape },
        { bytes: whole, shape },
        {
          fromStart: box.shape.map(() => 0),
          toStart: box.start,
          shape: box.shape,
          elementBytes: elementSize(dataType),
        },
      );
    }
    return { dataType, shape, data: elementsOf(dataType, whole) };
  }

  #cut(name: string, { dataType, shape, data }: Tensor, box: Box): Tensor {
    const inside =
      box.shape.length === shape.length &&
      box.start.every((start, axis) => start >= 0 && start + (box.shape[axis] ?? 0) <= (shape[axis] ?? 0));
    if (!inside || dataType === "string") {
      throw this.#broken(name, `[${shape}] has no part [${box.shape}] at [${box.start}]`);
    }
    const bytes = new Uint8Array(elementCount(box.shape) * elementSize(dataType));
    copyBox(
      { bytes: bytesOf(data), shape },
      { bytes, shape: box.shape },
      {
        fromStart: box.start,
        toStart: box.shape.map(() => 0),
        shape: box.shape,
        elementBytes: elementSize(dataType),
      },
    );
    return { dataType, shape: box.shape, data: elementsOf(dataType, bytes) };
  }
}

const keyOf = (name: string): string => byteString(Buffer.from(name));

function bytesOf(data: Tensor["data"]): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new TypeError("strings have no fixed-size bytes");
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The box as a bundle's key spells it: an axis taken whole is (0, −1). */
function extentsOf(box: Box, entry: BundleEntry): readonly Extent[] {
  return box.shape.map((length, axis) => {
    const start = box.start[axis] ?? 0;
    const whole = start === 0 && length === (entry.shape?.dim[axis]?.size ?? 0);
    return whole ? { start: 0, length: -1 } : { start, length };
  });
}

function boxOf(extents: readonly Extent[], shape: readonly number[]): Box | null {
  const box = {
    start: extents.map(({ start }) => start),
    shape: extents.map(({ length }, axis) => (length === -1 ? (shape[axis] ?? 0) : length)),
  };
  const fits = extents.every(
    ({ start }, axis) =>
      start >= 0 && (box.shape[axis] ?? 0) >= 0 && start + (box.shape[axis] ?? 0) <= (shape[axis] ?? 0),
  );
  return fits && extents.length === shape.length ? box : null;
}
