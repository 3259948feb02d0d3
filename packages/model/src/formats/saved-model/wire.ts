import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FieldmarkError } from "@fieldmark/contract";

/** A reader that says what it reads. */
class SourceReader extends BinaryReader {
  readonly source: Uint8Array;

  constructor(source: Uint8Array) {
    super(source);
    this.source = source;
  }
}

function sourceOf(reader: BinaryReader): Uint8Array {
  if (!(reader instanceof SourceReader)) throw new TypeError("not made by decode");
  return reader.source;
}

/** One protobuf value type: how it stands on the wire and how it is read. */
interface ValueReader<T> {
  readonly wire: WireType;
  readonly read: (reader: BinaryReader) => T;
}

/** One field of a message: its number, what it is when absent, and how an occurrence changes it. */
interface Field<T> {
  readonly number: number;
  readonly absent: () => T;
  take(soFar: T, reader: BinaryReader): T;
  readonly wire: WireType;
  /** Numbers may also stand packed in one length-delimited run. */
  readonly packable: boolean;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type MessageFields<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Reads one kind of message. Fields that its table does not name are skipped without being decoded. */
export interface MessageReader<T> {
  readonly name: string;
  /** Reads up to `end`, which lies inside the reader's bytes. */
  readonly read: (reader: BinaryReader, end: number) => T;
}

/** The type of the messages that a reader makes. */
export type MessageOf<R> = R extends MessageReader<infer T> ? T : never;

const safeNumber = (value: bigint | string): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`integer ${value} is beyond 53 bits`);
  return number;
};

export const string: ValueReader<string> = { wire: WireType.LengthDelimited, read: (r) => r.string() };
/** A view, not a copy; also how a nested message is kept unread until it is wanted. */
export const bytes: ValueReader<Uint8Array> = { wire: WireType.LengthDelimited, read: (r) => r.bytes() };
export const int32: ValueReader<number> = { wire: WireType.Varint, read: (r) => r.int32() };
export const uint32: ValueReader<number> = { wire: WireType.Varint, read: (r) => r.uint32() };
/** Sizes and offsets: an error beyond 2^53. */
export const int53: ValueReader<number> = { wire: WireType.Varint, read: (r) => safeNumber(r.int64()) };
export const int64: ValueReader<bigint> = { wire: WireType.Varint, read: (r) => BigInt(r.int64()) };
export const uint64: ValueReader<bigint> = { wire: WireType.Varint, read: (r) => BigInt(r.uint64()) };
export const bool: ValueReader<boolean> = { wire: WireType.Varint, read: (r) => r.bool() };
export const float: ValueReader<number> = { wire: WireType.Bit32, read: (r) => r.float() };
export const double: ValueReader<number> = { wire: WireType.Bit64, read: (r) => r.double() };
export const fixed32: ValueReader<number> = { wire: WireType.Bit32, read: (r) => r.fixed32() };

export const nested = <T>(message: MessageReader<T>): ValueReader<T> => ({
  wire: WireType.LengthDelimited,
  read: (r) => message.read(r, endOfRun(r)),
});

/** Reads the length of a run of bytes. @returns where it ends */
function endOfRun(reader: BinaryReader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError("a field is cut short");
  return end;
}

export function optional<T>(number: number, value: ValueReader<T>): Field<T | undefined> {
  return {
    number,
    wire: value.wire,
    packable: false,
    absent: () => undefined,
    take: (_, r) => value.read(r),
  };
}

export function repeated<T>(number: number, value: ValueReader<T>): Field<readonly T[]> {
  const packable = value.wire !== WireType.LengthDelimited;
  const take = (soFar: readonly T[], r: BinaryReader): readonly T[] => {
    (soFar as T[]).push(value.read(r));
    return soFar;
  };
  return { number, wire: value.wire, packable, absent: () => [], take };
}

/** map<string, T>; the last of several equal keys wins, as protobuf says. */
export function mapOf<T>(number: number, value: ValueReader<T>): Field<ReadonlyMap<string, T>> {
  const entry = message("map entry", { key: optional(1, string), value: optional(2, value) });
  const take = (soFar: ReadonlyMap<string, T>, r: BinaryReader): ReadonlyMap<string, T> => {
    const { key, value } = entry.read(r, endOfRun(r));
    if (value !== undefined) (soFar as Map<string, T>).set(key ?? "", value);
    return soFar;
  };
  return { number, wire: WireType.LengthDelimited, packable: false, absent: () => new Map(), take };
}

/** Nested messages that are kept unread, as places in the file and not as views: a model has many thousands. */
export class Unread {
  readonly #source: Uint8Array;
  readonly #bounds: number[] = [];

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  get length(): number {
    return this.#bounds.length / 2;
  }

  add(start: number, end: number): void {
    this.#bounds.push(start, end);
  }

  at(index: number): Uint8Array | undefined {
    const start = this.#bounds[2 * index];
    return start === undefined ? undefined : this.#source.subarray(start, this.#bounds[2 * index + 1]);
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let i = 0; i < this.length; i += 1) yield this.at(i) ?? new Uint8Array(0);
  }
}

const NOTHING = new Unread(new Uint8Array(0));

/** Repeated messages, kept unread. */
export function unread(number: number): Field<Unread> {
  const take = (soFar: Unread, r: BinaryReader): Unread => {
    const all = soFar === NOTHING ? new Unread(sourceOf(r)) : soFar;
    const end = endOfRun(r);
    all.add(r.pos, end);
    r.pos = end;
    return all;
  };
  return { number, wire: WireType.LengthDelimited, packable: false, absent: () => NOTHING, take };
}

/** Makes the reader of a message from the table of the fields that matter here. */
export function message<F extends Fields>(name: string, fields: F): MessageReader<MessageFields<F>> {
  const entries = Object.entries(fields);
  const byNumber = new Map(entries.map(([key, field]) => [field.number, { key, field }]));
  const read = (reader: BinaryReader, end: number): MessageFields<F> => {
    const made: Record<string, unknown> = {};
    for (const [key, field] of entries) made[key] = field.absent();
    while (reader.pos < end) {
      const tag = reader.uint32();
      const known = byNumber.get(tag >>> 3);
      if (known === undefined) skip(reader, tag);
      else made[known.key] = takeField(known.field, made[known.key], reader, tag & 7);
    }
    if (reader.pos !== end) throw new RangeError("a field runs past the end of its message");
    return made as MessageFields<F>;
  };
  return { name, read };
}

/** Unlike the library's, makes no view of what is skipped. */
function skip(reader: BinaryReader, tag: number): void {
  const wire = tag & 7;
  if (tag >>> 3 === 0) throw new RangeError("a field has the number 0");
  if (wire === WireType.Varint) reader.uint32();
  else if (wire === WireType.LengthDelimited) reader.pos = endOfRun(reader);
  else if (wire === WireType.Bit32) reader.pos += 4;
  else if (wire === WireType.Bit64) reader.pos += 8;
  else throw new RangeError(`field ${tag >>> 3} has wire type ${wire}`);
}

function takeField(field: Field<unknown>, soFar: unknown, reader: BinaryReader, wire: number): unknown {
  if (wire === field.wire) return field.take(soFar, reader);
  if (!field.packable || wire !== WireType.LengthDelimited) {
    throw new Error(`field ${field.number} has wire type ${wire}, expected ${field.wire}`);
  }
  const end = endOfRun(reader);
  let result = soFar;
  while (reader.pos < end) result = field.take(result, reader);
  if (reader.pos !== end) throw new RangeError("a packed field runs past its end");
  return result;
}

/**
 * Decodes a message of a file.
 * @param place names the file and the part of it, for the error
 * @throws MODEL_BROKEN when the bytes are not such a message
 */
export function decode<T>(reader: MessageReader<T>, source: Uint8Array, place: string): T {
  try {
    return reader.read(new SourceReader(source), source.length);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${place}: not a valid ${reader.name} message: ${error.message}`,
    );
  }
}
