import fc from "fast-check";
import { expect, test } from "vitest";
import type { AuthFailure } from "./auth-failure.ts";
import { sha256Hex } from "./canonical-request.ts";
import { percentEncode } from "./http-request-head.ts";
import { presignRequest, presignRequestV2, signRequest } from "./sign-request.ts";
import { verifySignature } from "./verify-signature.ts";

const credentials = { accessKeyId: "AKIDFIELDMARK", secretAccessKey: "a secret / with + signs" };
const session = { accessKeyId: "ASIAFIELDMARK", secretAccessKey: "another", sessionToken: "token/+=" };
const now = new Date("2026-01-02T03:04:05.678Z");
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const s3 = { service: "s3", region: "us-east-1", credentials, now };
const lookup = (accessKeyId: string, token: string | null) => {
  if (accessKeyId === credentials.accessKeyId)
    return token === null ? { secretAccessKey: credentials.secretAccessKey, identity: 1 } : "bad-token";
  if (accessKeyId !== session.accessKeyId) return "unknown-key";
  if (token === "old") return "expired-token";
  return token === session.sessionToken
    ? { secretAccessKey: session.secretAccessKey, identity: 2 }
    : "bad-token";
};
const options = { service: "s3", region: "us-east-1", now, lookup };
const head = { method: "GET", path: "/bucket/key", query: "", headers: { host: "127.0.0.1:4599" } };
const signed = (overrides = {}) => ({ ...head, headers: signRequest(head, { ...s3, ...overrides }).headers });
const presigned = (overrides = {}) => ({
  ...head,
  query: presignRequest(head, { ...s3, expiresSeconds: 60, ...overrides }),
});
const failureOf = async (
  request: Parameters<typeof verifySignature>[0],
  overrides = {},
): Promise<AuthFailure | null> => {
  const result = await verifySignature(request, { ...options, ...overrides });
  return result.ok ? null : result.failure;
};
const authorized = (authorization: string) => ({ ...head, headers: { ...signed().headers, authorization } });

test.each<[string, Parameters<typeof verifySignature>[0], Partial<AuthFailure>]>([
  ["nothing", head, { kind: "missing-token" }],
  ["SigV2 header", authorized("AWS AKID:abc"), { kind: "unsupported-mechanism", mechanism: "AWS" }],
  [
    "no signature",
    authorized("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host"),
    { kind: "incomplete", missing: ["Signature"] },
  ],
  [
    "garbage",
    authorized("AWS4-HMAC-SHA256"),
    { kind: "incomplete", missing: ["Credential", "SignedHeaders", "Signature"] },
  ],
  [
    "short credential",
    authorized("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c"),
    { kind: "malformed-credential", credential: "a/b" },
  ],
  [
    "no date",
    { ...head, headers: { ...signed().headers, "x-amz-date": undefined } },
    { kind: "incomplete", missing: ["Date"] },
  ],
  [
    "bad date",
    { ...head, headers: { ...signed().headers, "x-amz-date": "yesterday" } },
    { kind: "malformed-date" },
  ],
  [
    "other day",
    { ...head, headers: { ...signed().headers, "x-amz-date": "20260103T000000Z" } },
    { kind: "wrong-date", found: "20260102" },
  ],
  [
    "wrong region",
    signed({ region: "eu-west-1" }),
    { kind: "wrong-region", found: "eu-west-1", expected: "us-east-1" },
  ],
  ["wrong service", signed({ service: "logs" }), { kind: "missing-content-sha256" }],
  [
    "unknown key",
    signed({ credentials: { ...credentials, accessKeyId: "AKIDNOBODY" } }),
    { kind: "unknown-key" },
  ],
  [
    "wrong secret",
    signed({ credentials: { ...credentials, secretAccessKey: "no" } }),
    { kind: "signature-mismatch", accessKeyId: "AKIDFIELDMARK" },
  ],
  ["token of another", signed({ credentials: { ...session, sessionToken: "x" } }), { kind: "bad-token" }],
  [
    "no token",
    signed({ credentials: { ...session, sessionToken: null } }),
    { kind: "bad-token", token: null },
  ],
  ["old token", signed({ credentials: { ...session, sessionToken: "old" } }), { kind: "expired-token" }],
  ["too old", signed({ now: minutes(-16) }), { kind: "skew", requestTime: "20260102T024805Z" }],
  ["too new", signed({ now: minutes(16) }), { kind: "skew" }],
  ["bad digest", signed({ payload: "abc" }), { kind: "malformed-content-sha256", found: "abc" }],
  [
    "unsigned header",
    { ...head, headers: { ...signed().headers, "x-amz-acl": "public-read" } },
    { kind: "unsigned-headers", headers: ["x-amz-acl"] },
  ],
  ["changed path", { ...signed(), path: "/bucket/other" }, { kind: "signature-mismatch" }],
  ["changed query", { ...signed(), query: "acl" }, { kind: "signature-mismatch" }],
  ["changed method", { ...signed(), method: "DELETE" }, { kind: "signature-mismatch" }],
  ["presigned: over", presigned({ now: minutes(-2) }), { kind: "expired", expiresSeconds: 60 }],
  ["presigned: future", presigned({ now: minutes(20) }), { kind: "not-yet-valid" }],
  [
    "presigned: a week and more",
    presigned({ expiresSeconds: 604_801 }),
    { kind: "malformed-expires", problem: "too-long" },
  ],
  [
    "presigned: no seconds",
    presigned({ expiresSeconds: 0 }),
    { kind: "malformed-expires", problem: "negative" },
  ],
  [
    "presigned: words",
    { ...head, query: presigned().query.replace("Expires=60", "Expires=soon") },
    { kind: "malformed-expires", problem: "not-a-number" },
  ],
  [
    "presigned: longer than signed",
    { ...head, query: presigned().query.replace("Expires=60", "Expires=600") },
    { kind: "signature-mismatch" },
  ],
  [
    "presigned: cut",
    { ...head, query: "X-Amz-Algorithm=AWS4-HMAC-SHA256" },
    { kind: "incomplete", place: "query" },
  ],
  [
    "SigV2 query: cut",
    { ...head, query: "AWSAccessKeyId=a" },
    { kind: "incomplete", missing: ["Signature", "Expires"] },
  ],
])("S3 refuses: %s", async (_, request, expected) => {
  expect(await failureOf(request)).toMatchObject(expected);
});

test("a service refuses what is signed for another one", async () => {
  expect(await failureOf(signed(), { service: "sagemaker" })).toMatchObject({
    kind: "wrong-service",
    found: "s3",
  });
});

test("a mismatch shows what was expected to be signed", async () => {
  const failure = await failureOf({ ...signed(), path: "/bucket/other" });
  if (failure?.kind !== "signature-mismatch") throw new Error("expected a mismatch");
  expect(failure.canonicalRequest).toMatch(/^GET\n\/bucket\/other\n\nhost:127\.0\.0\.1:4599\n/);
  expect(failure.stringToSign).toBe(
    `AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/us-east-1/s3/aws4_request\n${sha256Hex(failure.canonicalRequest ?? "")}`,
  );
});

test("session keys are good with their token, in a header and in a query", async () => {
  expect(await verifySignature(signed({ credentials: session }), options)).toMatchObject({
    ok: true,
    identity: 2,
  });
  expect(await verifySignature(presigned({ credentials: session }), options)).toMatchObject({
    ok: true,
    identity: 2,
  });
  const expiresAt = minutes(1);
  const query = presignRequestV2({ ...head, query: "versionId=1" }, { credentials: session, expiresAt });
  expect(await verifySignature({ ...head, query }, options)).toMatchObject({ ok: true, identity: 2 });
});

test("other services sign the body that was read", async () => {
  const aws = { service: "sagemaker", region: "us-east-1", credentials, now };
  const body = sha256Hex("{}");
  const post = {
    ...head,
    method: "POST",
    path: "/",
    headers: { ...head.headers, "x-amz-target": "SageMaker.X" },
  };
  const request = { ...post, headers: signRequest(post, { ...aws, payload: body }).headers };
  const verify = (bodySha256: string) =>
    verifySignature(request, { ...options, service: "sagemaker", bodySha256 });
  expect(await verify(body)).toMatchObject({ ok: true });
  expect(await verify(sha256Hex("{ }"))).toMatchObject({
    ok: false,
    failure: { kind: "signature-mismatch" },
  });
});

test("what clients presign with SigV2: moved headers, subresources, overrides of the answer", async () => {
  const query =
    "content-type=text%2Fplain&x-amz-meta-a=b&response-content-type=text%2Fhtml&uploads&x-id=PutObject";
  const put = { ...head, method: "PUT", query, headers: { host: "bucket.localhost:4599" }, path: "/key" };
  const expiresAt = minutes(5);
  const signedQuery = presignRequestV2(put, { credentials, expiresAt, virtualHostBucket: "bucket" });
  const verify = async (raw: string) =>
    (await verifySignature({ ...put, query: raw }, { ...options, virtualHostBucket: "bucket" })).ok;
  expect(await verify(signedQuery)).toBe(true);
  expect(await verify(signedQuery.replace("html", "xml"))).toBe(false);
  expect(await verify(signedQuery.replace("meta-a=b", "meta-a=c"))).toBe(false);
  expect(await verify(`${signedQuery}&versionId=2`)).toBe(false);
  expect(await verify(`${signedQuery}&other=2`)).toBe(true);
});

test("S3 takes a key however the client percent-encodes it; a query in any order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1 }), fc.string(), async (key, value) => {
      const bytes = Buffer.from(key);
      const everything = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
      const request = (path: string, query: string) => ({ ...head, path: `/b/${path}`, query });
      const encoded = percentEncode(Buffer.from(value));
      const { headers } = signRequest(request(percentEncode(bytes), `a=1&value=${encoded}`), s3);
      const received = { ...request(everything, `value=${encoded}&a=1`), headers };
      return (await verifySignature(received, options)).ok;
    }),
  );
});

test("whatever a client sends is answered with a value", async () => {
  const verify = async (request: Parameters<typeof verifySignature>[0]) =>
    (await verifySignature(request, options)).ok;
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (authorization, query, date) => {
      const headers = {
        ...head.headers,
        authorization: `AWS4-HMAC-SHA256 ${authorization}`,
        "x-amz-date": date,
      };
      expect(await verify({ ...head, headers })).toBe(false);
      expect(await verify({ ...head, query: `X-Amz-Algorithm=AWS4-HMAC-SHA256&${query}` })).toBe(false);
    }),
  );
});
