import {
  ALGORITHM,
  type CredentialScope,
  EMPTY_SHA256,
  formatScope,
  sameSignature,
  sha256Hex,
  signText,
} from "./canonical-request.ts";

interface ChunkChain {
  readonly key: Buffer;
  /** yyyymmddThhmmssZ of the request */
  readonly amzDate: string;
  readonly scope: CredentialScope;
  /** Signature of the request's head, on which the first chunk's builds. */
  readonly seed: string;
}

/** One trailing header, name in lower case. */
export type Trailer = readonly [name: string, value: string];

/** Signs the chunks of one body in their order, the closing empty one and the trailer included. */
export interface ChunkSigner {
  /** @param dataSha256 hex digest of the chunk's data */
  chunk(dataSha256: string): string;
  trailer(trailers: readonly Trailer[]): string;
}

export function createChunkSigner({ key, amzDate, scope, seed }: ChunkChain): ChunkSigner {
  let previous = seed;
  const sign = (suffix: string, digests: readonly string[]): string => {
    const lines = [`${ALGORITHM}-${suffix}`, amzDate, formatScope(scope), previous, ...digests];
    previous = signText(key, lines.join("\n"));
    return previous;
  };
  return {
    chunk: (dataSha256) => sign("PAYLOAD", [EMPTY_SHA256, dataSha256]),
    trailer: (trailers) =>
      sign("TRAILER", [sha256Hex(trailers.map(([name, value]) => `${name}:${value}\n`).join(""))]),
  };
}

/** Checks the chunks of one body in their order; after the first `false` nothing more is true. */
export interface ChunkVerifier {
  /** @param dataSha256 hex digest of the chunk's data, `signature` as its header says */
  chunk(dataSha256: string, signature: string): boolean;
  /** @param trailers in the order of the wire, without x-amz-trailer-signature */
  trailer(trailers: readonly Trailer[], signature: string): boolean;
}

export function createChunkVerifier(chain: ChunkChain): ChunkVerifier {
  const signer = createChunkSigner(chain);
  let intact = true;
  const check = (expected: string, provided: string): boolean => {
    intact = sameSignature(expected, provided) && intact;
    return intact;
  };
  return {
    chunk: (dataSha256, signature) => check(signer.chunk(dataSha256), signature),
    trailer: (trailers, signature) => check(signer.trailer(trailers), signature),
  };
}
