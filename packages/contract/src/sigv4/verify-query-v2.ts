import { fail } from "./auth-failure.ts";
import { formatAmzDate, sameSignature } from "./canonical-request.ts";
import { findSecret } from "./find-secret.ts";
import type { HttpRequestHead } from "./http-request-head.ts";
import { signTextV2, stringToSignV2 } from "./signature-v2.ts";
import type { Verified, VerifyOptions } from "./verify-options.ts";

/** SigV2's presigned form: AWSAccessKeyId, Expires (epoch seconds), Signature. */
export async function verifyQueryV2<I>(
  head: HttpRequestHead,
  query: ReadonlyMap<string, string>,
  options: VerifyOptions<I>,
): Promise<Verified<I>> {
  const accessKeyId = query.get("AWSAccessKeyId") ?? "";
  const expires = query.get("Expires") ?? "";
  const signature = query.get("Signature") ?? "";
  const missing = Object.entries({
    Signature: signature,
    Expires: expires,
    AWSAccessKeyId: accessKeyId,
  }).flatMap(([name, value]) => (value === "" ? [name] : []));
  if (missing.length > 0) fail({ kind: "incomplete", place: "query", missing, authorization: head.query });
  if (!/^\d{1,12}$/.test(expires))
    fail({ kind: "malformed-expires", found: expires, problem: "not-a-number" });
  const token = query.get("x-amz-security-token") ?? null;
  const { secretAccessKey, identity } = await findSecret(accessKeyId, token, options.lookup);
  const end = new Date(Number(expires) * 1000);
  if (options.now.getTime() > end.getTime())
    fail({
      kind: "expired",
      expiresAt: formatAmzDate(end),
      serverTime: formatAmzDate(options.now),
      expiresSeconds: 0,
    });
  const text = stringToSignV2(head, expires, options.virtualHostBucket ?? null);
  if (!sameSignature(signTextV2(secretAccessKey, text), signature))
    fail({
      kind: "signature-mismatch",
      accessKeyId,
      signatureProvided: signature,
      stringToSign: text,
      canonicalRequest: null,
    });
  return { ok: true, identity, accessKeyId, payload: { kind: "unsigned" }, presigned: true };
}
