import {
  ALGORITHM,
  type CredentialScope,
  canonicalRequest,
  EMPTY_SHA256,
  formatAmzDate,
  formatScope,
  signingKey,
  signText,
  stringToSign,
} from "./canonical-request.ts";
import { type ChunkSigner, createChunkSigner } from "./chunk-signer.ts";
import { type HttpRequestHead, percentEncode } from "./http-request-head.ts";
import { signTextV2, stringToSignV2 } from "./signature-v2.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | null;
}

export interface SignOptions {
  readonly service: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly now: Date;
}

/** Header names that no client signs: what stands between may change them. */
const UNSIGNED = new Set(["authorization", "connection", "expect", "transfer-encoding", "user-agent"]);

export interface SignedRequest {
  /** The given headers with x-amz-date, authorization and what else the signature needs. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Signs the chunks of the body, where it is aws-chunked. */
  readonly chunks: ChunkSigner;
}

/**
 * Signs a request with SigV4 in its Authorization header. `head.headers` must hold `host`.
 *
 * @param payload hex digest of the body, or UNSIGNED-PAYLOAD, or one of S3's STREAMING- words
 */
export function signRequest(
  head: HttpRequestHead,
  { service, region, credentials, now, payload = EMPTY_SHA256 }: SignOptions & { readonly payload?: string },
): SignedRequest {
  const amzDate = formatAmzDate(now);
  const headers: Record<string, string | readonly string[] | undefined> = {
    ...head.headers,
    "x-amz-date": amzDate,
  };
  if (service === "s3") headers["x-amz-content-sha256"] = payload;
  if (credentials.sessionToken) headers["x-amz-security-token"] = credentials.sessionToken;
  const signedHeaders = Object.keys(headers)
    .filter((name) => !UNSIGNED.has(name) && headers[name] !== undefined)
    .sort();
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region, service };
  const key = signingKey(credentials.secretAccessKey, scope);
  const canonical = canonicalRequest({ ...head, headers }, { service, signedHeaders, payloadHash: payload });
  const signature = signText(key, stringToSign(amzDate, scope, canonical));
  headers.authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${formatScope(scope)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return { headers, chunks: createChunkSigner({ key, amzDate, scope, seed: signature }) };
}

/**
 * Presigns a request with SigV4 and returns its whole raw query. `head.headers` must hold `host`; all of them are signed.
 *
 * @param expiresSeconds 1 … 604,800
 */
export function presignRequest(
  head: HttpRequestHead,
  { service, region, credentials, now, expiresSeconds }: SignOptions & { readonly expiresSeconds: number },
): string {
  const amzDate = formatAmzDate(now);
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region, service };
  const signedHeaders = Object.keys(head.headers).sort();
  const query = appendQuery(head.query, {
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${credentials.accessKeyId}/${formatScope(scope)}`,
    "X-Amz-Date": amzDate,
    "X-Amz-Expires": String(expiresSeconds),
    ...(credentials.sessionToken ? { "X-Amz-Security-Token": credentials.sessionToken } : {}),
    "X-Amz-SignedHeaders": signedHeaders.join(";"),
  });
  const payloadHash = service === "s3" ? "UNSIGNED-PAYLOAD" : EMPTY_SHA256;
  const canonical = canonicalRequest({ ...head, query }, { service, signedHeaders, payloadHash });
  const key = signingKey(credentials.secretAccessKey, scope);
  return `${query}&X-Amz-Signature=${signText(key, stringToSign(amzDate, scope, canonical))}`;
}

interface PresignV2Options {
  readonly credentials: Credentials;
  readonly expiresAt: Date;
  readonly virtualHostBucket?: string | null;
}

/** Presigns an S3 request the old way, as boto3 does by default in us-east-1; returns its whole raw query. */
export function presignRequestV2(head: HttpRequestHead, options: PresignV2Options): string {
  const { credentials, expiresAt, virtualHostBucket = null } = options;
  const expires = String(Math.floor(expiresAt.getTime() / 1000));
  const query = appendQuery(head.query, {
    AWSAccessKeyId: credentials.accessKeyId,
    Expires: expires,
    ...(credentials.sessionToken ? { "x-amz-security-token": credentials.sessionToken } : {}),
  });
  const text = stringToSignV2({ ...head, query }, expires, virtualHostBucket);
  return appendQuery(query, { Signature: signTextV2(credentials.secretAccessKey, text) });
}

function appendQuery(query: string, added: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(added).map(([name, value]) => `${name}=${percentEncode(Buffer.from(value))}`);
  return [query, ...pairs].filter((part) => part !== "").join("&");
}
