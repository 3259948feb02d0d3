import { fail } from "./auth-failure.ts";
import {
  ALGORITHM,
  type CredentialScope,
  canonicalRequest,
  EMPTY_SHA256,
  formatAmzDate,
  parseAmzDate,
  sameSignature,
  signingKey,
  signText,
  stringToSign,
} from "./canonical-request.ts";
import { findSecret } from "./find-secret.ts";
import { canonicalHeaderValue, type HttpRequestHead } from "./http-request-head.ts";
import { readSignedPayload, type SignedPayload } from "./signed-payload.ts";
import type { Verified, VerifyOptions } from "./verify-options.ts";

/** How far the clocks of client and service may stand apart, as AWS allows. */
const MAX_SKEW_MINUTES = 15;
const MAX_SKEW_MS = MAX_SKEW_MINUTES * 60_000;
/** A presigned request is good for a week at most. */
const MAX_EXPIRES_SECONDS = 604_800;

/** What both forms of SigV4 say, wherever it stands. */
interface Claim {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly time: Date;
  /** The same, yyyymmddThhmmssZ. */
  readonly amzDate: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken: string | null;
  /** Last line of the canonical request. */
  readonly payloadHash: string;
  readonly presigned: boolean;
}

export async function verifyHeaderV4<I>(
  head: HttpRequestHead,
  authorization: string,
  options: VerifyOptions<I>,
): Promise<Verified<I>> {
  const mechanism = authorization.split(" ", 1)[0] ?? "";
  if (mechanism !== ALGORITHM) return fail({ kind: "unsupported-mechanism", mechanism });
  const parts = new Map(
    authorization
      .slice(mechanism.length)
      .split(",")
      .map((part) => {
        const equals = part.indexOf("=");
        return [part.slice(0, Math.max(equals, 0)).trim(), part.slice(equals + 1).trim()] as const;
      }),
  );
  const date = canonicalHeaderValue(head, "x-amz-date") ?? canonicalHeaderValue(head, "date");
  const {
    Credential,
    SignedHeaders,
    Signature,
    Date: dateText,
  } = required(
    {
      Credential: parts.get("Credential"),
      SignedHeaders: parts.get("SignedHeaders"),
      Signature: parts.get("Signature"),
      Date: date ?? undefined,
    },
    { place: "header", authorization },
  );
  const { accessKeyId, scope } = readCredential(Credential, "header");
  const { time, amzDate } = readTime(dateText, scope);
  const contentSha256 = canonicalHeaderValue(head, "x-amz-content-sha256");
  if (options.service === "s3" && contentSha256 === null) fail({ kind: "missing-content-sha256" });
  const claim: Claim = {
    accessKeyId,
    scope,
    time,
    amzDate,
    signedHeaders: SignedHeaders.split(";"),
    signature: Signature,
    sessionToken: canonicalHeaderValue(head, "x-amz-security-token"),
    payloadHash: options.service === "s3" ? (contentSha256 ?? "") : (options.bodySha256 ?? EMPTY_SHA256),
    presigned: false,
  };
  const skew = Math.abs(options.now.getTime() - time.getTime());
  return verifyClaim(head, claim, options, () => {
    if (skew > MAX_SKEW_MS)
      fail({
        kind: "skew",
        requestTime: formatAmzDate(time),
        serverTime: formatAmzDate(options.now),
        maxSkewMinutes: MAX_SKEW_MINUTES,
      });
  });
}

export async function verifyQueryV4<I>(
  head: HttpRequestHead,
  query: ReadonlyMap<string, string>,
  options: VerifyOptions<I>,
): Promise<Verified<I>> {
  const mechanism = query.get("X-Amz-Algorithm");
  if (mechanism !== undefined && mechanism !== ALGORITHM) fail({ kind: "unsupported-mechanism", mechanism });
  const part = (name: string) => ({ [name]: query.get(name) });
  const found = required(
    {
      ...part("X-Amz-Algorithm"),
      ...part("X-Amz-Credential"),
      ...part("X-Amz-Signature"),
      ...part("X-Amz-Date"),
      ...part("X-Amz-SignedHeaders"),
      ...part("X-Amz-Expires"),
    },
    { place: "query", authorization: head.query },
  );
  const { accessKeyId, scope } = readCredential(found["X-Amz-Credential"] ?? "", "query");
  const { time, amzDate } = readTime(found["X-Amz-Date"] ?? "", scope);
  const expiresSeconds = readExpires(found["X-Amz-Expires"] ?? "");
  const contentSha256 =
    canonicalHeaderValue(head, "x-amz-content-sha256") ?? query.get("X-Amz-Content-Sha256");
  const claim: Claim = {
    accessKeyId,
    scope,
    time,
    amzDate,
    signedHeaders: (found["X-Amz-SignedHeaders"] ?? "").split(";"),
    signature: found["X-Amz-Signature"] ?? "",
    sessionToken: query.get("X-Amz-Security-Token") ?? null,
    payloadHash:
      options.service === "s3" ? (contentSha256 ?? "UNSIGNED-PAYLOAD") : (options.bodySha256 ?? EMPTY_SHA256),
    presigned: true,
  };
  return verifyClaim(head, claim, options, () => {
    const now = options.now.getTime();
    const serverTime = formatAmzDate(options.now);
    if (time.getTime() - now > MAX_SKEW_MS)
      fail({ kind: "not-yet-valid", requestTime: formatAmzDate(time), serverTime });
    const end = new Date(time.getTime() + expiresSeconds * 1000);
    if (now > end.getTime())
      fail({ kind: "expired", expiresAt: formatAmzDate(end), serverTime, expiresSeconds });
  });
}

async function verifyClaim<I>(
  head: HttpRequestHead,
  claim: Claim,
  options: VerifyOptions<I>,
  checkTime: () => void,
): Promise<Verified<I>> {
  const { accessKeyId, scope, amzDate, signedHeaders } = claim;
  if (scope.service !== options.service)
    fail({ kind: "wrong-service", found: scope.service, expected: options.service });
  if (options.region !== null && scope.region !== options.region)
    fail({ kind: "wrong-region", found: scope.region, expected: options.region });
  const { secretAccessKey, identity } = await findSecret(accessKeyId, claim.sessionToken, options.lookup);
  checkTime();
  const unsigned = Object.keys(head.headers).filter(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) fail({ kind: "unsigned-headers", headers: unsigned.sort() });

  const canonical = canonicalRequest(head, {
    service: options.service,
    signedHeaders,
    payloadHash: claim.payloadHash,
  });
  const text = stringToSign(amzDate, scope, canonical);
  const key = signingKey(secretAccessKey, scope);
  if (!sameSignature(signText(key, text), claim.signature))
    fail({
      kind: "signature-mismatch",
      accessKeyId,
      signatureProvided: claim.signature,
      stringToSign: text,
      canonicalRequest: canonical,
    });
  const payload: SignedPayload =
    readSignedPayload(claim.payloadHash, { key, amzDate, scope, seed: claim.signature }) ??
    fail({ kind: "malformed-content-sha256", found: claim.payloadHash });
  return { ok: true, identity, accessKeyId, payload, presigned: claim.presigned };
}

/** All of the parts, or a failure that names each that is missing. */
function required<K extends string>(
  parts: Readonly<Record<K, string | undefined>>,
  where: { readonly place: "header" | "query"; readonly authorization: string },
): Readonly<Record<K, string>> {
  const isComplete = (found: Readonly<Record<K, string | undefined>>): found is Readonly<Record<K, string>> =>
    Object.values(found).every((value) => value !== undefined && value !== "");
  if (isComplete(parts)) return parts;
  const missing = Object.entries(parts).flatMap(([name, value]) => (value ? [] : [name]));
  return fail({ kind: "incomplete", missing, ...where });
}

function readCredential(credential: string, place: "header" | "query") {
  const parts = credential.split("/");
  const [date, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (
    accessKeyId === "" ||
    !/^\d{8}$/.test(date ?? "") ||
    !date ||
    !region ||
    !service ||
    terminator !== "aws4_request"
  )
    return fail({ kind: "malformed-credential", place, credential });
  return { accessKeyId, scope: { date, region, service } };
}

function readTime(text: string, scope: CredentialScope): Pick<Claim, "time" | "amzDate"> {
  const time = parseAmzDate(text) ?? fail({ kind: "malformed-date", found: text });
  const amzDate = formatAmzDate(time);
  const date = amzDate.slice(0, 8);
  if (date !== scope.date) fail({ kind: "wrong-date", found: scope.date, expected: date });
  return { time, amzDate };
}

function readExpires(text: string): number {
  if (!/^-?\d{1,15}$/.test(text))
    return fail({ kind: "malformed-expires", found: text, problem: "not-a-number" });
  const seconds = Number(text);
  if (seconds < 1) fail({ kind: "malformed-expires", found: text, problem: "negative" });
  if (seconds > MAX_EXPIRES_SECONDS) fail({ kind: "malformed-expires", found: text, problem: "too-long" });
  return seconds;
}
