import { createHash, type Hash } from "node:crypto";
import type { ChunkVerifier } from "@fieldmark/contract";
import { S3Error } from "../s3-errors.ts";

export interface AwsChunkedOptions {
  /** null: chunks carry no signatures. */
  readonly verifier: ChunkVerifier | null;
  /** x-amz-decoded-content-length, bytes */
  readonly decodedLength: number;
  /** Whether trailing headers may follow. */
  readonly trailer: boolean;
  /** Called once, before the body ends, with the trailing headers, names in lower case. */
  readonly onTrailers: (trailers: ReadonlyMap<string, string>) => void;
}

/** Longest line of a chunk's header or a trailer, bytes. */
const MAX_LINE = 4096;
const MAX_TRAILERS = 20;
const CR = 13;
const LF = 10;

const incomplete = (): S3Error => new S3Error("IncompleteBody");
const malformed = (message: string): S3Error => new S3Error("InvalidRequest", {}, { message });

/**
 * The data of a body in S3's aws-chunked framing, as it comes, without copies: `<hex size>[;chunk-signature=…]\r\n<data>\r\n`
 * until a chunk of size 0, then trailing headers. Data is passed on before its chunk's signature is known to be right:
 * whoever consumes it must forget it when this throws.
 *
 * @throws S3Error SignatureDoesNotMatch, IncompleteBody, InvalidRequest, MalformedTrailerError
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  { verifier, decodedLength, trailer, onTrailers }: AwsChunkedOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const input = new ByteReader(source);
  try {
    let seen = 0;
    for (;;) {
      const line = await input.line();
      if (line === null) throw incomplete();
      const { size, signature } = parseChunkHeader(line, verifier !== null);
      seen += size;
      if (seen > decodedLength) throw incomplete();
      const hash = verifier === null ? null : createHash("sha256");
      yield* readData(input, size, hash);
      if (verifier !== null && hash !== null && !verifier.chunk(hash.digest("hex"), signature)) {
        throw new S3Error("SignatureDoesNotMatch");
      }
      if (size === 0) break;
      await input.lineBreak();
    }
    if (seen !== decodedLength) throw incomplete();
    onTrailers(await readTrailers(input, { verifier: trailer ? verifier : null, allowed: trailer }));
  } finally {
    await input.release();
  }
}

async function* readData(
  input: ByteReader,
  size: number,
  hash: Hash | null,
): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0; ) {
    const piece = await input.upTo(left);
    if (piece === null) throw incomplete();
    hash?.update(piece);
    left -= piece.length;
    yield piece;
  }
}

function parseChunkHeader(
  line: string,
  signed: boolean,
): { readonly size: number; readonly signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  const signature = match?.[2] ?? "";
  if (match?.[1] === undefined || (signed && signature === "")) {
    throw malformed("The chunk header of the aws-chunked body is not well-formed.");
  }
  return { size: Number.parseInt(match[1], 16), signature };
}

async function readTrailers(
  input: ByteReader,
  { verifier, allowed }: { readonly verifier: ChunkVerifier | null; readonly allowed: boolean },
): Promise<ReadonlyMap<string, string>> {
  const trailers: [string, string][] = [];
  let signature: string | null = null;
  for (let line = await input.line(); line !== null && line !== ""; line = await input.line()) {
    const colon = line.indexOf(":");
    if (colon <= 0 || !allowed || trailers.length >= MAX_TRAILERS) throw new S3Error("MalformedTrailerError");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).replace(/^ +| +$/g, "");
    if (name === "x-amz-trailer-signature") signature = value;
    else trailers.push([name, value]);
  }
  if (verifier !== null && (signature === null || !verifier.trailer(trailers, signature))) {
    throw new S3Error("SignatureDoesNotMatch");
  }
  return new Map(trailers);
}

/** Lines and bytes out of pieces of any size; pieces are passed on as views. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The source is not read any further, by us. */
  async release(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#piece = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return true;
  }

  /** The next bytes, `most` at most; null at the end. */
  async upTo(most: number): Promise<Buffer | null> {
    if (!(await this.#fill())) return null;
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** A line without its break, which is CR LF; null at the end. */
  async line(): Promise<string | null> {
    let text = "";
    for (;;) {
      if (!(await this.#fill())) {
        if (text !== "") throw incomplete();
        return null;
      }
      const end = this.#piece.indexOf(LF);
      const taken = end < 0 ? this.#piece : this.#piece.subarray(0, end);
      text += taken.toString("latin1");
      this.#piece = this.#piece.subarray(taken.length + (end < 0 ? 0 : 1));
      if (text.length > MAX_LINE) throw malformed("A line of the aws-chunked body is too long.");
      if (end < 0) continue;
      if (!text.endsWith("\r")) throw malformed("A line of the aws-chunked body does not end with CR LF.");
      return text.slice(0, -1);
    }
  }

  async lineBreak(): Promise<void> {
    for (const expected of [CR, LF]) {
      const byte = await this.upTo(1);
      if (byte === null) throw incomplete();
      if (byte[0] !== expected)
        throw malformed("A chunk of the aws-chunked body is longer than its header says.");
    }
  }
}
