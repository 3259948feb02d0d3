import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { CopyObjectCommandInput } from "@aws-sdk/client-s3";
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { EVALUATOR_IMAGE, Processor, parseS3Uri, Session, upload, uploadFile } from "@fieldmark/sdk";
import type { Service } from "@fieldmark/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProcessService } from "./in-process-service.ts";

/** A service on this machine takes files itself: what goes over HTTP, and what arrives. */
let folder: string;
let service: Service;
const problems: string[] = [];
const at = (name: string) => join(folder, name);
const BYTES = Buffer.alloc(3_000_000, "bird ");

beforeAll(async () => {
  folder = await mkdtemp(join(homedir(), ".fieldmark-test-"));
  service = await inProcessService(at("data"), problems);
  await mkdir(at("in/sub"), { recursive: true });
  await writeFile(at("in/a.bin"), BYTES);
  await writeFile(at("in/sub/ü ?.txt"), "two\n");
  await writeFile(at("elsewhere"), "linked\n");
  await symlink(at("elsewhere"), at("in/link"));
});

afterAll(async () => {
  await service?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  expect(problems).toEqual([]);
});

interface Watched {
  readonly session: Session;
  /** Names of S3 operations that wrote, in their order. */
  readonly writes: string[];
}

/** @param change what becomes of a copy's source on its way */
function watch(session: Session, change: (source: string) => string = (source) => source): Watched {
  const writes: string[] = [];
  session.s3.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        if (/^(?:Put|Copy)Object|^UploadPart/.test(commandName))
          writes.push(commandName.replace("Command", ""));
        const { CopySource } = args.input as CopyObjectCommandInput;
        return await next(
          CopySource === undefined
            ? args
            : { ...args, input: { ...args.input, CopySource: change(CopySource) } as typeof args.input },
        );
      },
    { step: "initialize" },
  );
  return { session, writes };
}

const open = (endpoint = service.url): Session => new Session({ endpoint, credentials: service.keys });

async function bytesAt(session: Session, uri: string): Promise<Buffer> {
  const { bucket, key } = parseS3Uri(uri);
  const { Body } = await session.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("a folder's files are taken, links to files too; nothing is sent", async () => {
  const { session, writes } = watch(open());
  using _ = session;
  const to = `${await session.defaultUri()}/taken`;
  await upload(session, { from: at("in"), to });
  expect(writes).toEqual(["CopyObject", "CopyObject", "CopyObject"]);
  expect((await bytesAt(session, `${to}/a.bin`)).equals(BYTES)).toBe(true);
  expect((await bytesAt(session, `${to}/sub/ü ?.txt`)).toString()).toBe("two\n");
  expect((await bytesAt(session, `${to}/link`)).toString()).toBe("linked\n");
});

test("where the service does not see the file that we see, it is sent, and the object is the same", async () => {
  const { session, writes } = watch(open(), (source) => source.replace(/ino=\d+/, "ino=1"));
  using _ = session;
  const bucket = await session.defaultBucket();
  await uploadFile(session, { from: at("in/a.bin"), to: { bucket, key: "sent" } });
  expect(writes).toEqual(["CopyObject", "PutObject"]);
  using other = open();
  await uploadFile(other, { from: at("in/a.bin"), to: { bucket, key: "taken" } });
  const [sent, taken] = await Promise.all(
    ["sent", "taken"].map(async (Key) => {
      const { $metadata, LastModified, ...told } = await other.s3.send(
        new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: "ENABLED" }),
      );
      return told;
    }),
  );
  expect(taken).toEqual(sent);
  expect(taken?.ChecksumCRC32).toBeDefined();
  expect((await bytesAt(session, `s3://${bucket}/sent`)).equals(BYTES)).toBe(true);
});

test("a job's keys take nothing: its program's files are sent, and only the first is asked for", async () => {
  using owner = open();
  const job = await new Processor({
    session: owner,
    imageUri: EVALUATOR_IMAGE,
    entrypoint: ["/bin/sh", "-c", 'cat "$AWS_SHARED_CREDENTIALS_FILE"; exec sleep 600'],
  }).run();
  const told = new Map<string, string>();
  for await (const { message } of job.logs({ follow: true })) {
    const [, name, value] = /^(aws_\w+)\s*=\s*(\S+)$/.exec(message) ?? [];
    if (name !== undefined && value !== undefined) told.set(name, value);
    if (told.size === 3) break;
  }
  const credentials = {
    accessKeyId: told.get("aws_access_key_id") ?? "",
    secretAccessKey: told.get("aws_secret_access_key") ?? "",
    sessionToken: told.get("aws_session_token") ?? "",
  };
  expect(credentials.accessKeyId).toMatch(/^ASIA/);
  const { session, writes } = watch(new Session({ endpoint: service.url, credentials }));
  using _ = session;
  const bucket = await owner.defaultBucket();
  await uploadFile(session, { from: at("in/a.bin"), to: { bucket, key: "by-job" } });
  await uploadFile(session, { from: at("in/a.bin"), to: { bucket, key: "by-job-2" } });
  expect(writes).toEqual(["CopyObject", "PutObject", "PutObject"]);
  expect((await bytesAt(owner, `s3://${bucket}/by-job`)).equals(BYTES)).toBe(true);
  await job.stop();
  await job.wait();
});

/** Passes requests on to the service, with another answer to `GET /`. */
async function before(told: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((incoming, response) => {
    if (incoming.method === "GET" && incoming.url === "/") return void response.end(told);
    const { method, headers, url = "/" } = incoming;
    const onward = request(new URL(url, service.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((done) => server.listen(0, "0.0.0.0", done));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

test.each([
  { what: "a store that does not offer it", told: "<ListAllMyBucketsResult/>", host: "127.0.0.1" },
  // 0.0.0.0 reaches this machine and is not a loopback address, as another machine's would not be
  { what: "an address that is not loopback", told: '{"copySources":["file"]}', host: "0.0.0.0" },
])("to $what no path is named", async ({ told, host }) => {
  await using proxy = await before(told);
  const { session, writes } = watch(open(`http://${host}:${proxy.port}`));
  using _ = session;
  const to = `${await session.defaultUri()}/far-${host}`;
  await upload(session, { from: at("in"), to });
  expect(writes).toEqual(["PutObject", "PutObject", "PutObject"]);
  expect((await bytesAt(session, `${to}/a.bin`)).equals(BYTES)).toBe(true);
});
