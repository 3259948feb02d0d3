import type { SignedPayload } from "./signed-payload.ts";

export type LookupResult<I> =
  | { readonly secretAccessKey: string; readonly identity: I }
  | "unknown-key"
  | "bad-token"
  | "expired-token";

/** Finds the secret of an access key, and checks the session token that belongs to it. */
export type CredentialLookup<I> = (
  accessKeyId: string,
  sessionToken: string | null,
) => LookupResult<I> | Promise<LookupResult<I>>;

export interface VerifyOptions<I> {
  /** Expected in the scope: `s3`, `sagemaker`, `logs` … S3's rules of encoding and payloads hold for `s3` alone. */
  readonly service: string;
  /** Expected in the scope; null takes any. */
  readonly region: string | null;
  readonly lookup: CredentialLookup<I>;
  readonly now: Date;
  /** Hex digest of the body that was read; services other than S3 sign it. S3 promises it in a header instead. */
  readonly bodySha256?: string;
  /** The bucket that stands in the host name, for SigV2, which signs it. */
  readonly virtualHostBucket?: string | null;
}

export interface Verified<I> {
  readonly ok: true;
  readonly identity: I;
  readonly accessKeyId: string;
  readonly payload: SignedPayload;
  readonly presigned: boolean;
}
