import type { IncomingMessage } from "node:http";
import type { Checksum } from "@fieldmark/object-store";
import { S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import {
  CHECKSUMS,
  type ChecksumName,
  checksumHeader,
  isBase64Of,
  startMd5,
  startSha256,
} from "./checksums.ts";
import { type ExpectedDigests, invalidChecksum, readExpectedDigests } from "./expected-digests.ts";

const GIB = 1 << 30;
/** Most that one PutObject or UploadPart takes, bytes. */
export const MAX_PUT_BYTES = 5 * GIB;

/** The body of one request, framing removed, promises checked. */
export interface RequestBody {
  /** bytes, as the client says */
  readonly size: number;
  /** The checksum that the client sends with it, in a header or a trailer. */
  readonly algorithm: ChecksumName | null;
  /** Once. Throws where the body breaks off or is not what it was signed to be. */
  readonly bytes: AsyncIterable<Buffer>;
  /**
   * Compares the digests, when all bytes have been read.
   *
   * @param md5 of the bytes, 16 bytes
   * @throws S3Error BadDigest, InvalidRequest
   */
  verify(md5: Buffer): Promise<readonly Checksum[]>;
}

/**
 * Nothing is read before `bytes` is; a client that waits for `100 Continue` gets it then.
 *
 * @param maxBytes EntityTooLarge above
 * @param otherwise the checksum to compute where the client sends none
 * @throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest
 */
export function openBody(
  request: S3Request,
  { maxBytes, otherwise = null }: { readonly maxBytes: number; readonly otherwise?: ChecksumName | null },
): RequestBody {
  const expected = readExpectedDigests(request);
  const size = readSize(request);
  if (size > maxBytes) {
    throw new S3Error("EntityTooLarge", { ProposedSize: size, MaxSizeAllowed: maxBytes });
  }
  const algorithm = expected.checksum?.algorithm ?? otherwise;
  const running = algorithm === null ? null : CHECKSUMS[algorithm].start();
  const trailers = new Map<string, string>();

  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of received(request, size, trailers)) {
      running?.update(piece);
      yield piece;
    }
  }
  return {
    size,
    algorithm: expected.checksum?.algorithm ?? null,
    bytes: read(),
    async verify(md5) {
      compareMd5(expected, md5);
      if (algorithm === null || running === null) return [];
      const computed = (await running.digest()).toString("base64");
      if (expected.checksum !== null) compareChecksum(expected.checksum, computed, trailers);
      return [{ algorithm, value: computed, type: "FULL_OBJECT" }];
    },
  };
}

/** The bytes as they arrive, in the form that their signature promises. */
async function* received(
  request: S3Request,
  size: number,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer, void, undefined> {
  const { payload } = request;
  request.invite();
  const raw = readSocket(request.incoming);
  if (payload.kind === "chunked") {
    yield* decodeAwsChunked(raw, {
      verifier: payload.signer,
      decodedLength: size,
      trailer: payload.trailer,
      onTrailers: (found) => {
        for (const [name, value] of found) trailers.set(name, value);
      },
    });
    return;
  }
  const sha256 = payload.kind === "sha256" ? startSha256() : null;
  for await (const piece of raw) {
    sha256?.update(piece);
    yield piece;
  }
  if (payload.kind !== "sha256" || sha256 === null) return;
  const computed = (await sha256.digest()).toString("hex");
  if (computed !== payload.hex) {
    throw new S3Error("XAmzContentSHA256Mismatch", {
      ClientComputedContentSHA256: payload.hex,
      S3ComputedContentSHA256: computed,
    });
  }
}

/** Reads without ending the connection when the reader stops early: the answer still has to go out on it. */
async function* readSocket(incoming: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const piece of incoming.iterator({ destroyOnReturn: false })) yield piece;
  } catch (cause) {
    throw new ClientGone("The client went away.", { cause });
  }
}

/** The connection ended before its request did: nobody is left to be told. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** A whole body that has to be small: a document. Its digests are checked. */
export async function readSmallBody(request: S3Request, maxBytes: number): Promise<Buffer> {
  if (["content-length", "transfer-encoding"].every((name) => header(request, name) === undefined)) {
    return Buffer.alloc(0);
  }
  const body = openBody(request, { maxBytes });
  const pieces: Buffer[] = [];
  const md5 = startMd5();
  for await (const piece of body.bytes) {
    md5.update(piece);
    pieces.push(piece);
  }
  await body.verify(await md5.digest());
  return Buffer.concat(pieces);
}

function readSize(request: S3Request): number {
  const name = request.payload.kind === "chunked" ? "x-amz-decoded-content-length" : "content-length";
  const text = header(request, name);
  if (text === undefined) {
    if (request.payload.kind !== "chunked" && header(request, "transfer-encoding") !== undefined) {
      throw new S3Error("NotImplemented", { Header: "Transfer-Encoding" });
    }
    throw new S3Error("MissingContentLength");
  }
  if (!/^\d{1,15}$/.test(text))
    throw new S3Error("InvalidArgument", { ArgumentName: name, ArgumentValue: text });
  return Number(text);
}

function compareMd5(expected: ExpectedDigests, md5: Buffer): void {
  const computed = md5.toString("base64");
  if (expected.md5 !== null && expected.md5 !== computed) {
    throw new S3Error("BadDigest", { ExpectedDigest: expected.md5, CalculatedDigest: computed });
  }
}

function compareChecksum(
  { algorithm, value }: { readonly algorithm: ChecksumName; readonly value: string | null },
  computed: string,
  trailers: ReadonlyMap<string, string>,
): void {
  const promised = value ?? trailers.get(checksumHeader(algorithm));
  if (promised === undefined) throw new S3Error("MalformedTrailerError");
  if (!isBase64Of(promised, CHECKSUMS[algorithm].bytes)) throw invalidChecksum(algorithm);
  if (promised !== computed) {
    throw new S3Error(
      "BadDigest",
      {},
      { message: `The ${algorithm} you specified did not match the calculated checksum.` },
    );
  }
}
