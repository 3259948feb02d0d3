import { expect, test } from "vitest";
import { sha256Hex } from "./canonical-request.ts";
import { presignRequest, presignRequestV2, signRequest } from "./sign-request.ts";
import { verifySignature } from "./verify-signature.ts";

/**
 * The worked examples of AWS's pages: "Authenticating Requests: Using the Authorization Header", "… Query Parameters",
 * "Signature Calculations for … Multiple Chunks" (with and without trailing headers), "Signing and Authenticating REST
 * Requests" (SigV2), and IAM's ListUsers.
 */
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const now = new Date("2013-05-24T00:00:00Z");
const s3 = { service: "s3", region: "us-east-1", credentials, now };
const lookup = () => ({ secretAccessKey: credentials.secretAccessKey, identity: "example" });
const host = "examplebucket.s3.amazonaws.com";

test.each([
  {
    name: "GET object",
    head: { method: "GET", path: "/test.txt", query: "", headers: { host, range: "bytes=0-9" } },
    payload: sha256Hex(""),
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  {
    name: "PUT object",
    head: {
      method: "PUT",
      path: "/test$file.text",
      query: "",
      headers: { host, date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    },
    payload: sha256Hex("Welcome to Amazon S3."),
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  {
    name: "GET bucket lifecycle",
    head: { method: "GET", path: "/", query: "lifecycle", headers: { host } },
    payload: sha256Hex(""),
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    name: "GET bucket (list objects)",
    head: { method: "GET", path: "/", query: "max-keys=2&prefix=J", headers: { host } },
    payload: sha256Hex(""),
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
])("S3 header: $name", async ({ head, payload, signature }) => {
  const { headers } = signRequest(head, { ...s3, payload });
  expect(headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
  expect(await verifySignature({ ...head, headers }, { ...s3, lookup })).toMatchObject({
    ok: true,
    identity: "example",
    payload: { kind: "sha256", hex: payload },
    presigned: false,
  });
});

test("IAM: ListUsers", () => {
  const options = {
    service: "iam",
    region: "us-east-1",
    now: new Date("2015-08-30T12:36:00Z"),
    credentials: {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    },
  };
  const head = {
    method: "GET",
    path: "/",
    query: "Action=ListUsers&Version=2010-05-08",
    headers: {
      host: "iam.amazonaws.com",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    },
  };
  expect(signRequest(head, options).headers.authorization).toContain(
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

test("S3 query: presigned GET object", async () => {
  const head = { method: "GET", path: "/test.txt", query: "", headers: { host } };
  const query = presignRequest(head, { ...s3, expiresSeconds: 86_400 });
  expect(query).toContain("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  expect(await verifySignature({ ...head, query }, { ...s3, lookup })).toMatchObject({
    ok: true,
    presigned: true,
    payload: { kind: "unsigned" },
  });
});

const chunkedHeaders = {
  host: "s3.amazonaws.com",
  "content-encoding": "aws-chunked",
  "x-amz-decoded-content-length": "66560",
  "x-amz-storage-class": "REDUCED_REDUNDANCY",
};
const chunkDigests = [sha256Hex("a".repeat(65_536)), sha256Hex("a".repeat(1024)), sha256Hex("")];

test.each([
  {
    name: "signed chunks",
    payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    headers: { ...chunkedHeaders, "content-length": "66824" },
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    chunks: [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    trailer: null,
  },
  {
    name: "signed chunks with a trailing checksum",
    payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    headers: { ...chunkedHeaders, "x-amz-trailer": "x-amz-checksum-crc32c" },
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    chunks: [
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    trailer: "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
  },
])("S3: $name", async ({ payload, headers, seed, chunks, trailer }) => {
  const head = { method: "PUT", path: "/examplebucket/chunkObject.txt", query: "", headers };
  const signed = signRequest(head, { ...s3, payload });
  expect(signed.headers.authorization).toContain(`Signature=${seed}`);
  const trailers = [["x-amz-checksum-crc32c", "sOO8/Q=="]] as const;
  expect(chunkDigests.map((digest) => signed.chunks.chunk(digest))).toEqual(chunks);
  if (trailer !== null) expect(signed.chunks.trailer(trailers)).toBe(trailer);

  const verified = await verifySignature({ ...head, headers: signed.headers }, { ...s3, lookup });
  if (!verified.ok || verified.payload.kind !== "chunked" || verified.payload.signer === null)
    throw new Error("not verified");
  const { signer } = verified.payload;
  expect(verified.payload.trailer).toBe(trailer !== null);
  expect(chunkDigests.map((digest, i) => signer.chunk(digest, chunks[i]!))).toEqual([true, true, true]);
  if (trailer !== null) expect(signer.trailer(trailers, trailer)).toBe(true);
  expect(signer.chunk(sha256Hex("forged"), chunks[0]!)).toBe(false);
});

test("SigV2 query: presigned GET of a virtual-hosted object", async () => {
  const head = {
    method: "GET",
    path: "/photos/puppy.jpg",
    query: "",
    headers: { host: "johnsmith.s3.amazonaws.com" },
  };
  const expiresAt = new Date(1_175_139_620_000);
  const query = presignRequestV2(head, { credentials, expiresAt, virtualHostBucket: "johnsmith" });
  expect(query).toContain("Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D");
  const options = {
    ...s3,
    now: new Date(expiresAt.getTime() - 1000),
    lookup,
    virtualHostBucket: "johnsmith",
  };
  expect(await verifySignature({ ...head, query }, options)).toMatchObject({ ok: true, presigned: true });
  const late = await verifySignature(
    { ...head, query },
    { ...options, now: new Date(expiresAt.getTime() + 1000) },
  );
  expect(late).toMatchObject({ ok: false, failure: { kind: "expired" } });
});
