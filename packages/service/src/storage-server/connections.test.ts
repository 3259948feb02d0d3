import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { signRequest } from "@fieldmark/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ACCESS_KEY,
  type RunningStorageServer,
  SECRET_KEY,
  startStorageServer,
} from "./storage-server.test-support.ts";

/** Connections byte by byte: what no SDK would send, and what happens to the connection afterwards. */
let server: RunningStorageServer;

beforeAll(async () => {
  server = await startStorageServer();
  await server.store.createBucket("wire");
});

afterAll(async () => {
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface Head {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string;
  readonly secretAccessKey?: string;
}

/** A signed request's head, as it goes on the wire. */
function head({
  method = "PUT",
  path,
  headers,
  payload = "UNSIGNED-PAYLOAD",
  secretAccessKey = SECRET_KEY,
}: Head): string {
  const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey };
  const signed = signRequest(
    { method, path, query: "", headers: { host: new URL(server.url).host, ...headers } },
    { service: "s3", region: "us-east-1", credentials, now: new Date(), payload },
  );
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const open = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });

/** Reads until `enough` holds of what came so far, or the server closes. */
function read(socket: Socket, enough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const done = (): void => {
      socket.off("data", onData).off("close", done);
      resolve(text);
    };
    const onData = (data: Buffer): void => {
      text += data.toString("latin1");
      if (enough(text)) done();
    };
    socket.on("data", onData).on("close", done);
  });
}

const isError = (text: string): boolean => text.includes("</Error>");
const status = (text: string): string => text.slice(0, 12);

describe("a connection", () => {
  test("serves the next request after a refused one, whose body is thrown away", async () => {
    const socket = await open();
    socket.write(head({ path: "/wire/k", headers: { "content-length": "5" }, secretAccessKey: "wrong" }));
    socket.write("hello");
    expect(status(await read(socket, isError))).toBe("HTTP/1.1 403");
    socket.write(head({ path: "/wire/k", headers: { "content-length": "2" } }));
    socket.write("ok");
    expect(status(await read(socket, (text) => text.includes("\r\n\r\n")))).toBe("HTTP/1.1 200");
    socket.destroy();
  });

  test("serves the next request after one refused in the middle of its body", async () => {
    const socket = await open();
    const headers = {
      "content-length": "40",
      "x-amz-decoded-content-length": "3",
      "content-encoding": "aws-chunked",
    };
    socket.write(head({ path: "/wire/k", headers, payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER" }));
    socket.write("no chunk\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write("x".repeat(30));
    const text = await read(socket, isError);
    expect(status(text)).toBe("HTTP/1.1 400");
    expect(text).toContain("InvalidRequest");
    socket.write(head({ method: "HEAD", path: "/wire", headers: {} }));
    expect(status(await read(socket, (answer) => answer.includes("\r\n\r\n")))).toBe("HTTP/1.1 200");
    socket.destroy();
  });

  test("answers a refused upload while the client still sends, and then closes", async () => {
    const socket = await open();
    const size = 64 << 20;
    socket.write(
      head({ path: "/wire/k", headers: { "content-length": String(size) }, secretAccessKey: "wrong" }),
    );
    const answer = read(socket, isError);
    let left = size;
    const piece = Buffer.alloc(1 << 20);
    while (left > 0) {
      left -= piece.length;
      if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve));
    }
    const text = await answer;
    expect(text).toContain("SignatureDoesNotMatch");
    expect(text).toMatch(/connection: close/i);
    socket.destroy();
  });

  test("is not invited to send a body that would be refused", async () => {
    const socket = await open();
    const headers = { "content-length": "1000000", expect: "100-continue" };
    socket.write(head({ path: "/wire/k", headers, secretAccessKey: "wrong" }));
    expect(status(await read(socket, isError))).toBe("HTTP/1.1 403");
    socket.destroy();
  });

  test("is invited to send a body that is wanted", async () => {
    const socket = await open();
    socket.write(head({ path: "/wire/k", headers: { "content-length": "2", expect: "100-continue" } }));
    expect(status(await read(socket, (text) => text.includes("\r\n\r\n")))).toBe("HTTP/1.1 100");
    socket.write("ok");
    expect(status(await read(socket, (text) => text.includes("\r\n\r\n")))).toBe("HTTP/1.1 200");
    socket.destroy();
  });

  test("that ends in the middle of an upload leaves nothing", async () => {
    const socket = await open();
    socket.write(head({ path: "/wire/half", headers: { "content-length": "1000000" } }));
    socket.write(Buffer.alloc(300_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await expect.poll(() => readdir(join(server.folder, "temporary"))).toEqual([]);
    expect(await server.store.head({ bucket: "wire", key: "half" })).toBeNull();
  });

  test("that ends in the middle of a download closes the object", async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 32; i++) yield Buffer.alloc(1 << 20);
    }
    await server.store.put({ bucket: "wire", key: "long" }, body());
    const before = (await readdir("/proc/self/fd").catch(() => [])).length;
    for (let i = 0; i < 20; i++) {
      const socket = await open();
      socket.write(head({ method: "GET", path: "/wire/long", headers: {} }));
      await read(socket, (text) => text.length > 1000);
      socket.destroy();
    }
    await expect
      .poll(async () => (await readdir("/proc/self/fd").catch(() => [])).length)
      .toBeLessThan(before + 10);
  });
});

describe("a body without a length is refused, as on S3:", () => {
  test.each([
    ["transfer-encoding", "HTTP/1.1 501", "NotImplemented"],
    ["content-length of nothing", "HTTP/1.1 411", "MissingContentLength"],
  ])("%s", async (name, expected, code) => {
    const socket = await open();
    const isChunked = name === "transfer-encoding";
    socket.write(
      head({
        path: "/wire/k",
        headers: { connection: "close", ...(isChunked ? { "transfer-encoding": "chunked" } : {}) },
      }),
    );
    if (isChunked) socket.write("2\r\nok\r\n0\r\n\r\n");
    const text = await read(socket, isError);
    expect(status(text)).toBe(expected);
    expect(text).toContain(code);
    socket.destroy();
  });
});
