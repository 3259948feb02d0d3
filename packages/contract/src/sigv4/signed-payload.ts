import type { CredentialScope } from "./canonical-request.ts";
import { type ChunkVerifier, createChunkVerifier } from "./chunk-signer.ts";

/** What the signature promises of the body. The caller, who reads the body, holds it to it. */
export type SignedPayload =
  | { readonly kind: "sha256"; readonly hex: string }
  | { readonly kind: "unsigned" }
  /** aws-chunked. `signer` is null for STREAMING-UNSIGNED-PAYLOAD-TRAILER; `trailer`: trailing headers follow. */
  | { readonly kind: "chunked"; readonly signer: ChunkVerifier | null; readonly trailer: boolean };

interface SeedSignature {
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: CredentialScope;
  readonly seed: string;
}

/** Reads x-amz-content-sha256; null when it is none of the forms that S3 knows. */
export function readSignedPayload(contentSha256: string, seed: SeedSignature): SignedPayload | null {
  switch (contentSha256) {
    case "UNSIGNED-PAYLOAD":
      return { kind: "unsigned" };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
      return { kind: "chunked", signer: createChunkVerifier(seed), trailer: false };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
      return { kind: "chunked", signer: createChunkVerifier(seed), trailer: true };
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      return { kind: "chunked", signer: null, trailer: true };
    default:
      return /^[0-9a-f]{64}$/i.test(contentSha256)
        ? { kind: "sha256", hex: contentSha256.toLowerCase() }
        : null;
  }
}
