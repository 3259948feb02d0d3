import { type AuthFailure, NotAuthenticated } from "./auth-failure.ts";
import { canonicalHeaderValue, type HttpRequestHead, parseQuery } from "./http-request-head.ts";
import type { Verified, VerifyOptions } from "./verify-options.ts";
import { verifyQueryV2 } from "./verify-query-v2.ts";
import { verifyHeaderV4, verifyQueryV4 } from "./verify-v4.ts";

/**
 * Says who sent a request, or why nobody knows: SigV4 in the Authorization header or in the query, and the presigned
 * form of SigV2 (S3 alone; boto3 presigns with it in us-east-1). Never throws for what a client sends.
 */
export async function verifySignature<I>(
  head: HttpRequestHead,
  options: VerifyOptions<I>,
): Promise<Verified<I> | { readonly ok: false; readonly failure: AuthFailure }> {
  try {
    return await verify(head, options);
  } catch (error) {
    if (error instanceof NotAuthenticated) return { ok: false, failure: error.failure };
    throw error;
  }
}

async function verify<I>(head: HttpRequestHead, options: VerifyOptions<I>): Promise<Verified<I>> {
  const authorization = canonicalHeaderValue(head, "authorization");
  if (authorization !== null) return verifyHeaderV4(head, authorization, options);
  const query = new Map(parseQuery(head.query).map(({ name, value }) => [name, value]));
  if (query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature"))
    return verifyQueryV4(head, query, options);
  if (options.service === "s3" && query.has("AWSAccessKeyId")) return verifyQueryV2(head, query, options);
  throw new NotAuthenticated({ kind: "missing-token" });
}
