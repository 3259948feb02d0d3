import { execFile, spawnSync } from "node:child_process";
import {
  appendFile,
  chmod,
  constants,
  copyFile,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { fileIdentity, formatFileSource, presignRequest, signRequest } from "@fieldmark/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ACCESS_KEY,
  GUEST_KEY,
  type RunningStorageServer,
  SECRET_KEY,
  startStorageServer,
} from "../storage-server.test-support.ts";

let server: RunningStorageServer;
let folder: string;
let s3: S3Client;
const Bucket = "files";
const at = (name: string) => join(folder, name);

const clientOf = (accessKeyId: string): S3Client =>
  new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey: SECRET_KEY },
    forcePathStyle: true,
    maxAttempts: 1,
  });

beforeAll(async () => {
  server = await startStorageServer();
  folder = await mkdtemp(join(tmpdir(), "fieldmark-files-"));
  s3 = clientOf(ACCESS_KEY);
  await server.store.createBucket(Bucket);
  await writeFile(at("a"), "hello");
});

afterAll(async () => {
  s3.destroy();
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const SIGNING = {
  service: "s3",
  region: "us-east-1",
  credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  now: new Date(),
} as const;

const identityOf = async (path: string) => fileIdentity(await stat(path, { bigint: true }));
const sourceOf = async (path: string) => formatFileSource({ path, identity: await identityOf(path) });
const copy = (CopySource: string, Key: string, more: object = {}) =>
  s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));

test("the object is what a PutObject of the bytes makes", async () => {
  const bytes = Buffer.alloc(3_000_000, "0123456789");
  await writeFile(at("ü 100%?#"), bytes);
  const headers = { ContentType: "image/jpeg", Metadata: { bird: "wren" }, ChecksumAlgorithm: "CRC32" };
  const copied = await copy(await sourceOf(at("ü 100%?#")), "copied", headers);
  const put = await s3.send(
    new PutObjectCommand({ Bucket, Key: "put", Body: bytes, ...headers, ChecksumAlgorithm: "CRC32" }),
  );
  expect(copied.CopyObjectResult).toMatchObject({ ETag: put.ETag, ChecksumCRC32: put.ChecksumCRC32 });
  const [a, b] = await Promise.all(
    ["copied", "put"].map(async (Key) => {
      const { $metadata, LastModified, ...told } = await s3.send(
        new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }),
      );
      return told;
    }),
  );
  expect(a).toEqual(b);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "copied" }));
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
});

test("an empty file becomes an empty object", async () => {
  await writeFile(at("empty"), "");
  await copy(await sourceOf(at("empty")), "empty");
  expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "empty" }))).ContentLength).toBe(0);
});

test("the conditions of a write hold", async () => {
  await copy(await sourceOf(at("a")), "once", { IfNoneMatch: "*" });
  await expect(copy(await sourceOf(at("a")), "once", { IfNoneMatch: "*" })).rejects.toMatchObject({
    name: "PreconditionFailed",
  });
});

const UNUSABLE: Readonly<Record<string, () => Promise<string>>> = {
  "another inode": async () => (await sourceOf(at("a"))).replace(/ino=\d+/, "ino=1"),
  "another device": async () => (await sourceOf(at("a"))).replace(/dev=\d+/, "dev=1"),
  "another size": async () => (await sourceOf(at("a"))).replace(/size=\d+/, "size=4"),
  "another time": async () => (await sourceOf(at("a"))).replace(/ctime=\d+/, "ctime=1"),
  "a file that has changed": async () => {
    await writeFile(at("changed"), "before");
    const before = await sourceOf(at("changed"));
    await appendFile(at("changed"), "after");
    return before;
  },
  "no file": async () => formatFileSource({ path: at("none"), identity: await identityOf(at("a")) }),
  "a link": async () => {
    await symlink(at("a"), at("link"));
    return formatFileSource({ path: at("link"), identity: await identityOf(at("a")) });
  },
  "a folder": () => sourceOf(folder),
  "a pipe": async () => {
    spawnSync("mkfifo", [at("pipe")]);
    return await sourceOf(at("pipe"));
  },
  "a file with more bytes than its size": () => sourceOf("/proc/cpuinfo"),
};

test.each(Object.keys(UNUSABLE))("%s is refused, and no object is made", async (name) => {
  const source = await UNUSABLE[name]?.();
  await expect(copy(source ?? "", name)).rejects.toMatchObject({ name: "FileSourceUnusable" });
  expect(await server.store.head({ bucket: Bucket, key: name })).toBeNull();
});

test("a file that changes while it is read is refused, and nothing is left", async () => {
  await writeFile(at("busy"), "");
  await truncate(at("busy"), 64 << 20);
  const temporary = join(server.folder, "temporary");
  const copying = copy(await sourceOf(at("busy")), "busy").catch((error: unknown) => error);
  while ((await readdir(temporary)).length === 0) await setImmediate();
  await utimes(at("busy"), 1, 1);
  expect(await copying).toMatchObject({ name: "FileSourceUnusable" });
  expect(await readdir(temporary)).toEqual([]);
  expect(await server.store.head({ bucket: Bucket, key: "busy" })).toBeNull();
});

test("what is no file's URL is refused", async () => {
  await expect(copy("file:///a", "x")).rejects.toMatchObject({ name: "InvalidArgument" });
});

test("keys that may not name files are refused, whatever the file", async () => {
  using guest = Object.assign(clientOf(GUEST_KEY), { [Symbol.dispose]: () => guest.destroy() });
  for (const source of [await sourceOf(at("a")), "file:///none?dev=1", "file:///a"])
    await expect(
      guest.send(new CopyObjectCommand({ Bucket, Key: "guest", CopySource: source })),
    ).rejects.toMatchObject({ name: "FileSourceDenied" });
  expect(await server.store.head({ bucket: Bucket, key: "guest" })).toBeNull();
});

test("a presigned URL names no file", async () => {
  const path = `/${Bucket}/presigned`;
  const headers = { host: new URL(server.url).host, "x-amz-copy-source": await sourceOf(at("a")) };
  const query = presignRequest(
    { method: "PUT", path, query: "", headers },
    { ...SIGNING, expiresSeconds: 60 },
  );
  const url = `${server.url}${path}?${query}`;
  const response = await fetch(url, { method: "PUT", headers });
  expect(`${response.status} ${await response.text()}`).toMatch(/^403 .*FileSourceDenied/s);
});

/** Sends what is signed already, as whoever runs it. */
const SEND = `
  const { path, port, headers } = JSON.parse(process.argv[1]);
  require("node:http").request({ host: "127.0.0.1", port, path, method: "PUT", headers }, async (response) => {
    for await (const chunk of response) process.stdout.write(chunk);
  }).end();`;

/** @param uid of the sending process; the keys are the owner's */
async function sendAs(uid: number, key: string): Promise<string> {
  const { host, port } = new URL(server.url);
  const path = `/${Bucket}/${key}`;
  const { headers } = signRequest(
    { method: "PUT", path, query: "", headers: { host, "x-amz-copy-source": await sourceOf(at("a")) } },
    { ...SIGNING, payload: "UNSIGNED-PAYLOAD" },
  );
  const what = JSON.stringify({ path, port: Number(port), headers });
  // This Node may lie in a folder that other users may not enter.
  const node = join(await mkdtemp(join(tmpdir(), "fieldmark-node-")), "node");
  try {
    await chmod(dirname(node), 0o755);
    await copyFile(process.execPath, node, constants.COPYFILE_FICLONE);
    const { stdout } = await promisify(execFile)(node, ["-e", SEND, what], { uid, cwd: "/" });
    return stdout;
  } finally {
    await rm(dirname(node), { recursive: true });
  }
}

test.skipIf(process.getuid?.() !== 0)("another user's process is refused, this user's is not", async () => {
  expect(await sendAs(0, "mine")).toContain("CopyObjectResult");
  expect(await sendAs(65_534, "theirs")).toContain("FileSourceDenied");
  expect(await server.store.head({ bucket: Bucket, key: "theirs" })).toBeNull();
});
