import { createHash } from "node:crypto";
import { signRequest, verifySignature } from "@fieldmark/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { S3Error } from "../s3-errors.ts";
import { type AwsChunkedOptions, decodeAwsChunked } from "./aws-chunked.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function* inPieces(body: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function decode(
  body: Uint8Array,
  options: Partial<AwsChunkedOptions> & { decodedLength: number },
  size = 7,
) {
  let trailers: ReadonlyMap<string, string> = new Map();
  const pieces: Buffer[] = [];
  const decoded = decodeAwsChunked(inPieces(body, size), {
    verifier: null,
    trailer: true,
    onTrailers: (found) => {
      trailers = found;
    },
    ...options,
  });
  for await (const piece of decoded) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), trailers };
}

const unsigned = (chunks: readonly Uint8Array[], trailer = ""): Buffer =>
  Buffer.concat([
    ...chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from("\r\n"),
    ]),
    Buffer.from(`0\r\n${trailer}\r\n`),
  ]);

describe("unsigned chunks", () => {
  test("any data in any chunks over any pieces of the wire comes out as it was", async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 6 }),
        fc.integer({ min: 1, max: 500 }),
        async (chunks, size) => {
          const whole = Buffer.concat(chunks);
          const body = unsigned(chunks, "x-amz-checksum-crc32:AAAAAA==\r\n");
          const { bytes, trailers } = await decode(body, { decodedLength: whole.length }, size);
          expect(bytes.equals(whole)).toBe(true);
          expect([...trailers]).toEqual([["x-amz-checksum-crc32", "AAAAAA=="]]);
        },
      ),
    );
  });

  test.each([
    ["", "IncompleteBody"],
    ["3\r\nab", "IncompleteBody"],
    ["3\r\nabc\r\n", "IncompleteBody"],
    ["2\r\nab\r\n0\r\n\r\n", "IncompleteBody"],
    ["4\r\nabcd\r\n0\r\n\r\n", "IncompleteBody"],
    ["ffffffffffff\r\nabc", "IncompleteBody"],
    ["ffffffffffffffff\r\nabc", "InvalidRequest"],
    ["zz\r\nabc\r\n0\r\n\r\n", "InvalidRequest"],
    ["-1\r\n\r\n", "InvalidRequest"],
    ["3\r\nabcXX0\r\n\r\n", "InvalidRequest"],
    ["3\r\nabc\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"],
  ])("%j of 3 bytes is refused: %s", async (body, code) => {
    await expect(decode(Buffer.from(body), { decodedLength: 3 })).rejects.toMatchObject({ code });
  });

  test("lines and trailers without end are refused", async () => {
    await expect(decode(Buffer.from("3".repeat(9000)), { decodedLength: 3 })).rejects.toMatchObject({
      code: "InvalidRequest",
    });
    await expect(decode(unsigned([], "a:b\r\n".repeat(50)), { decodedLength: 0 })).rejects.toMatchObject({
      code: "MalformedTrailerError",
    });
  });

  test("trailers where none were announced are refused", async () => {
    const body = unsigned([Buffer.from("abc")], "x-amz-checksum-crc32:AAAAAA==\r\n");
    await expect(decode(body, { decodedLength: 3, trailer: false })).rejects.toMatchObject({
      code: "MalformedTrailerError",
    });
  });

  test("any bytes are decoded or refused, and never more than announced comes out", async () => {
    const pieces = fc.constantFrom(
      "1\r\n",
      "a\r\n",
      "0\r\n",
      "\r\n",
      "x",
      "abc",
      ":",
      ";chunk-signature=",
      "\n",
      "\r",
      "00",
      "-",
    );
    const body = fc.oneof(
      fc.array(pieces).map((all) => Buffer.from(all.join(""))),
      fc.uint8Array({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.nat(20),
        fc.integer({ min: 1, max: 9 }),
        async (bytes, decodedLength, size) => {
          try {
            const decoded = await decode(bytes, { decodedLength }, size);
            expect(decoded.bytes.length).toBe(decodedLength);
          } catch (error) {
            if (!(error instanceof S3Error)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("the source is let go of when the body is refused", async () => {
    let released = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from("zz\r\n");
        yield Buffer.from("more");
      } finally {
        released = true;
      }
    }
    const decoded = decodeAwsChunked(source(), {
      verifier: null,
      decodedLength: 3,
      trailer: false,
      onTrailers: () => {},
    });
    await expect(decoded.next()).rejects.toMatchObject({ code: "InvalidRequest" });
    expect(released).toBe(true);
  });
});

describe("signed chunks", () => {
  const now = new Date("2026-05-06T07:08:09Z");
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "secret" };

  async function signed(chunks: readonly Buffer[], trailer: readonly (readonly [string, string])[] | null) {
    const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === null ? "" : "-TRAILER"}`;
    const head = { method: "PUT", path: "/b/k", query: "", headers: { host: "h" } };
    const made = signRequest(head, { service: "s3", region: "us-east-1", credentials, now, payload });
    const verified = await verifySignature(
      { ...head, headers: made.headers },
      {
        service: "s3",
        region: "us-east-1",
        now,
        lookup: () => ({ secretAccessKey: "secret", identity: null }),
      },
    );
    if (!verified.ok || verified.payload.kind !== "chunked") throw new Error("not verified");
    const parts = [...chunks, Buffer.alloc(0)].map((chunk) => {
      const header = `${chunk.length.toString(16)};chunk-signature=${made.chunks.chunk(sha256(chunk))}\r\n`;
      return [Buffer.from(header), chunk, Buffer.from(chunk.length === 0 && trailer !== null ? "" : "\r\n")];
    });
    const end =
      trailer === null
        ? ""
        : `${trailer.map(([name, value]) => `${name}:${value}\r\n`).join("")}x-amz-trailer-signature:${made.chunks.trailer(trailer)}\r\n\r\n`;
    return { body: Buffer.concat([...parts.flat(), Buffer.from(end)]), verifier: verified.payload.signer };
  }

  const chunks = [Buffer.from("first chunk"), Buffer.from("second")];
  const decodedLength = 17;

  test("are passed on, with their signed trailer", async () => {
    const { body, verifier } = await signed(chunks, [["x-amz-checksum-crc32", "AAAAAA=="]]);
    const { bytes, trailers } = await decode(body, { verifier, decodedLength });
    expect(bytes.toString()).toBe("first chunksecond");
    expect(trailers.get("x-amz-checksum-crc32")).toBe("AAAAAA==");
  });

  test("one bit changed anywhere is refused", async () => {
    const length = (await signed(chunks, [["x-amz-checksum-crc32", "AAAAAA=="]])).body.length;
    for (let at = 0; at < length - 2; at++) {
      const { body, verifier } = await signed(chunks, [["x-amz-checksum-crc32", "AAAAAA=="]]);
      body.writeUInt8(body.readUInt8(at) ^ 1, at);
      await expect(decode(body, { verifier, decodedLength }), `byte ${at}`).rejects.toBeInstanceOf(S3Error);
    }
  });

  test("a chunk without its signature is refused", async () => {
    const { verifier } = await signed(chunks, null);
    await expect(decode(unsigned(chunks), { verifier, decodedLength })).rejects.toMatchObject({
      code: "InvalidRequest",
    });
  });
});
