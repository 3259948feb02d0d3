import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { CreateBucketCommand, ListBucketsCommand } from "@aws-sdk/client-s3";
import { ListProcessingJobsCommand } from "@aws-sdk/client-sagemaker";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { clientsOf, pause, serve } from "../scripts/serve.mjs";
import { type Answer, signed } from "./signed-request.ts";

let served: Awaited<ReturnType<typeof serve>>;
let clients: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  served = await serve();
  clients = clientsOf(served);
  await clients.s3.send(new CreateBucketCommand({ Bucket: "abuse" }));
});

afterAll(async () => {
  clients?.destroy();
  await served?.close();
});

afterEach(async () => {
  await clients.sagemaker.send(new ListProcessingJobsCommand({}));
  await clients.s3.send(new ListBucketsCommand({}));
});

const JSON_TYPE = "application/x-amz-json-1.1";

async function sagemaker(
  body: string | Uint8Array,
  target = "SageMaker.CreateProcessingJob",
): Promise<Answer> {
  return await signed(served, "sagemaker", {
    headers: { "content-type": JSON_TYPE, "x-amz-target": target },
    body,
  });
}

test.each([
  ["no JSON", "{", "SerializationException"],
  ["an array", "[]", "SerializationException"],
  ["a number", "1", "SerializationException"],
  ["an empty body", "", "ValidationException"],
  ["invalid UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "SerializationException"],
  ["a wrong type", '{"ProcessingJobName": {"a": 1}}', "SerializationException"],
  ["10,000 levels", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "SerializationException"],
  ["prototype keys", '{"__proto__": {"ProcessingJobName": "a"}, "constructor": 1}', "ValidationException"],
])("sagemaker answers 400 to %s", async (_, body, code) => {
  const { status, text } = await sagemaker(body);
  expect(status).toBe(400);
  expect(JSON.parse(text).__type).toBe(code);
});

test("an unknown operation, CBOR and no target are refused with an answer", async () => {
  expect((await sagemaker("{}", "SageMaker.CreateTrainingJob")).status).toBe(400);
  expect((await sagemaker("{}", "SageMaker.__proto__")).status).toBe(400);
  expect((await sagemaker("{}", "SageMaker.constructor")).status).toBe(400);
  const cbor = { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };
  const path = "/service/SageMaker/operation/ListProcessingJobs";
  const body = Uint8Array.from([0xbf, 0x61, 0xff]);
  const refused = await signed(served, "sagemaker", { path, headers: cbor, body });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
  expect((await signed(served, "sts", { body: "Action=None&Version=2011-06-15" })).status).toBe(400);
  expect((await signed(served, "sts", { body: "%%%=%zz&Action" })).status).toBe(400);
});

test.each([
  ["no XML", "<Delete><Object>"],
  ["a DTD with entities", '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><Delete>&c;</Delete>'],
  ["10,000 levels", `${"<a>".repeat(10_000)}${"</a>".repeat(10_000)}`],
  ["another document", "<Tagging/>"],
  ["nothing", ""],
])("DeleteObjects answers 400 MalformedXML to %s", async (_, body) => {
  const { createHash } = await import("node:crypto");
  const md5 = createHash("md5").update(body).digest("base64");
  const request = { path: "/abuse", query: "delete=", headers: { "content-md5": md5 }, body };
  const { status, text } = await signed(served, "s3", request);
  expect(status).toBe(400);
  expect(text).toMatch(/<Code>(MalformedXML|MissingRequestBodyError)<\/Code>/);
});

test("an oversized body is refused, and the memory of the service stays flat", async () => {
  const before = await residentMegabytes();
  const large = `{"ProcessingJobName": "${"x".repeat(64 << 20)}"}`;
  const answer = await sagemaker(large).catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof answer === "object") expect([400, 413]).toContain(answer.status);
  else expect(["ECONNRESET", "EPIPE"]).toContain(answer);
  expect((await residentMegabytes()) - before).toBeLessThan(200);
});

async function residentMegabytes(): Promise<number> {
  const status = await readFile(`/proc/${served.pid()}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await new Promise<void>((done) => socket.once("connect", () => done()));
  return socket;
}

test("1,000 idle connections and slow clients leave room for others", async () => {
  const sockets = await Promise.all(Array.from({ length: 1000 }, open));
  try {
    for (const [index, socket] of sockets.entries())
      if (index % 2 === 0) socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n{");
    await pause(200);
    for (let one = 0; one < 20; one++)
      await clients.sagemaker.send(new ListProcessingJobsCommand({ MaxResults: 1 }));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test.each([
  ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["a header of 1 MB", `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(1 << 20)}\r\n\r\n`],
  ["two lengths", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
  [
    "length and chunks",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a path that climbs", "GET /abuse/../../../../etc/passwd HTTP/1.1\r\nhost: a\r\n\r\n"],
  ["an encoded NUL", "GET /abuse/%00 HTTP/1.1\r\nhost: a\r\n\r\n"],
  ["half an escape", "GET /abuse/%F HTTP/1.1\r\nhost: a\r\n\r\n"],
])("raw bytes: %s", async (_, bytes) => {
  const socket = await open();
  let text = "";
  socket.setEncoding("latin1").on("data", (more: string) => {
    text += more;
  });
  socket.write(bytes);
  await pause(100);
  socket.end();
  await pause(100);
  socket.destroy();
  expect(text === "" || /^HTTP\/1\.1 4\d\d/.test(text), text.slice(0, 200)).toBe(true);
  expect(text).not.toContain("root:");
});
