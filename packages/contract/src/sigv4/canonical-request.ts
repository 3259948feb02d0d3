import { createHmac, hash, timingSafeEqual } from "node:crypto";
import {
  canonicalHeaderValue,
  type HttpRequestHead,
  parseQuery,
  percentDecode,
  percentEncode,
} from "./http-request-head.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";

/** Where and when a key is good: `<date>/<region>/<service>/aws4_request`. */
export interface CredentialScope {
  /** yyyymmdd */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export const formatScope = ({ date, region, service }: CredentialScope): string =>
  `${date}/${region}/${service}/aws4_request`;

export const sha256Hex = (data: string | Uint8Array): string => hash("sha256", data, "hex");

export const EMPTY_SHA256 = sha256Hex("");

interface CanonicalOptions {
  readonly service: string;
  /** Lower-case, sorted. */
  readonly signedHeaders: readonly string[];
  /** Last line of the canonical request: a digest, or a word such as UNSIGNED-PAYLOAD. */
  readonly payloadHash: string;
}

/** The text whose digest is signed. A presigned request's own X-Amz-Signature is left out. */
export function canonicalRequest(head: HttpRequestHead, options: CanonicalOptions): string {
  const { service, signedHeaders, payloadHash } = options;
  return [
    head.method,
    canonicalUri(head.path, service),
    canonicalQuery(head.query),
    ...signedHeaders.map((name) => `${name}:${canonicalHeaderValue(head, name) ?? ""}`),
    "",
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

/** S3 signs the key encoded once, however the client wrote it; other services encode the written path again. */
function canonicalUri(path: string, service: string): string {
  const bytes = service === "s3" ? percentDecode(path) : Buffer.from(path, "latin1");
  return percentEncode(bytes, "/") || "/";
}

function canonicalQuery(query: string): string {
  return parseQuery(query)
    .filter(({ name }) => name !== "X-Amz-Signature")
    .map(({ name, value }) => [percentEncode(Buffer.from(name)), percentEncode(Buffer.from(value))] as const)
    .sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** @param amzDate yyyymmddThhmmssZ */
export const stringToSign = (amzDate: string, scope: CredentialScope, canonical: string): string =>
  // One byte a character: Node reads headers so, and all else in it is ASCII. A header sent as UTF-8 is signed as UTF-8.
  [ALGORITHM, amzDate, formatScope(scope), sha256Hex(Buffer.from(canonical, "latin1"))].join("\n");

/** Keys kept: a service sees a few access keys and a few services a day. */
const MAX_KEYS = 256;
const keys = new Map<string, Buffer>();

/** The key of one secret for one day, region and service; kept, for it is the same for a day's requests. */
export function signingKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  const name = `${formatScope(scope)}/${secretAccessKey}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const { date, region, service } = scope;
  const key = [date, region, service, "aws4_request"].reduce<Buffer>(
    (previous, step) => createHmac("sha256", previous).update(step).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

export const signText = (key: Buffer, text: string): string =>
  createHmac("sha256", key).update(text).digest("hex");

/** Compares in a time that does not depend on where the texts differ. */
export function sameSignature(expected: string, provided: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(provided)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** yyyymmddThhmmssZ */
export const formatAmzDate = (time: Date): string =>
  `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;

/** Reads yyyymmddThhmmssZ and the HTTP form of dates; null when it is neither. */
export function parseAmzDate(text: string): Date | null {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const parsed = Date.parse(iso);
  return Number.isNaN(parsed) ? null : new Date(parsed);
}
