import { FieldmarkError } from "@fieldmark/contract";
import { crc32c } from "@node-rs/crc32";
import { uncompressSnappy } from "./snappy.ts";

// A TensorBundle's index is a LevelDB table: data blocks, an index block that lists them, and a footer.

const FOOTER_BYTES = 48;
const MAGIC = Uint8Array.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
/** Type byte and checksum after each block's contents. */
const TRAILER_BYTES = 5;
/** Keys share prefixes, so that a small file could spell out endless ones. */
const MAX_KEY_BYTES = 16 * 1024;
const MAX_KEYS_BYTES = 256 * 1024 * 1024;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** CRC32C as LevelDB and TensorFlow store it, so that a checksum of checksums stays a good one. */
export const maskedCrc32c = (bytes: Uint8Array): number => maskCrc(crc32c(bytes));
export const maskCrc = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Bytes as a string of code units 0–255: keys are compared by their bytes, and some are no text. */
export const byteString = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/**
 * Every entry of a LevelDB table.
 * @param place the file's name, for errors
 * @returns values (views, or of a decompressed block) by key; keys as `byteString`
 * @throws MODEL_BROKEN
 */
export function readTable(file: Uint8Array, place: string): ReadonlyMap<string, Uint8Array> {
  try {
    return readEntries(file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FieldmarkError("MODEL_BROKEN", `${place}: ${error.message}`);
  }
}

function readEntries(file: Uint8Array): ReadonlyMap<string, Uint8Array> {
  if (file.length < FOOTER_BYTES) throw new RangeError(`${file.length} bytes are too few for a table`);
  const footer = new Cursor(file.subarray(file.length - FOOTER_BYTES));
  if (!MAGIC.every((byte, i) => footer.bytes[FOOTER_BYTES - MAGIC.length + i] === byte)) {
    throw new RangeError("it does not end with the magic number of a TensorBundle's index");
  }
  readHandle(footer); // the meta index: filters, which bundles do not have
  const entries = new Map<string, Uint8Array>();
  const budget = { keyBytes: MAX_KEYS_BYTES };
  let end = 0;
  for (const [, value] of blockEntries(readBlock(file, readHandle(footer)), budget)) {
    const handle = readHandle(new Cursor(value));
    if (handle.offset < end)
      throw new RangeError(`the block at byte ${handle.offset} overlaps the one before`);
    end = handle.offset + handle.size;
    for (const [key, entry] of blockEntries(readBlock(file, handle), budget)) entries.set(key, entry);
  }
  return entries;
}

const readHandle = (cursor: Cursor): BlockHandle => ({ offset: cursor.varint(), size: cursor.varint() });

function readBlock(file: Uint8Array, { offset, size }: BlockHandle): Uint8Array {
  if (offset + size + TRAILER_BYTES > file.length - FOOTER_BYTES) {
    throw new RangeError(`a block of ${size} bytes at byte ${offset} runs past the end`);
  }
  const checked = file.subarray(offset, offset + size + 1);
  const trailer = new DataView(file.buffer, file.byteOffset + offset + size, TRAILER_BYTES);
  if (trailer.getUint32(1, true) !== maskedCrc32c(checked)) {
    throw new RangeError(`the checksum of the block at byte ${offset} does not match`);
  }
  const contents = checked.subarray(0, size);
  const compression = trailer.getUint8(0);
  if (compression === 0) return contents;
  if (compression === 1) return uncompressSnappy(contents);
  throw new RangeError(
    `the block at byte ${offset} has compression ${compression}, expected 0 or 1 (snappy)`,
  );
}

function* blockEntries(block: Uint8Array, budget: { keyBytes: number }): Generator<[string, Uint8Array]> {
  if (block.length < 4) throw new RangeError("a block is too short");
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new RangeError(`a block claims ${restarts} restarts`);
  const cursor = new Cursor(block.subarray(0, end));
  let key = "";
  while (cursor.position < end) {
    const shared = cursor.varint();
    const added = cursor.varint();
    const valueLength = cursor.varint();
    if (shared > key.length) throw new RangeError("a key shares more than the key before it has");
    if (shared + added > MAX_KEY_BYTES) throw new RangeError(`a key is longer than ${MAX_KEY_BYTES} bytes`);
    budget.keyBytes -= shared + added;
    if (budget.keyBytes < 0) throw new RangeError("the keys are too long together");
    key = key.slice(0, shared) + byteString(cursor.take(added));
    yield [key, cursor.take(valueLength)];
  }
}

/** Reads varints and runs of bytes, never past the end. */
export class Cursor {
  position = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** An unsigned varint of at most 53 bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.bytes[this.position];
      if (byte === undefined) throw new RangeError("a number is cut short");
      this.position += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new RangeError("a number is beyond 53 bits");
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.position) throw new RangeError("a run of bytes is cut short");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }
}
