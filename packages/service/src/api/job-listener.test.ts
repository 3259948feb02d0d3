import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Credentials, signRequest } from "@fieldmark/contract";
import { FolderStore } from "@fieldmark/object-store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { credentialLookup, jobsOnly } from "../credentials.ts";
import { job } from "../jobs/jobs.test.kit.ts";
import { createStorageServer } from "../storage-server/storage-server.ts";
import { openSqliteJobStore } from "../store/sqlite/sqlite-job-store.ts";
import { createDispatch, type Dispatch } from "./dispatch.ts";
import { addressElsewhere, JobListener } from "./job-listener.ts";
import { createNextTokens } from "./next-token.ts";
import { iamOperations, stsOperations } from "./operations/identity.ts";
import { sageMakerOperations } from "./operations/sagemaker.ts";

const owner = { accessKeyId: "AKIAOWNER", secretAccessKey: "secret" };
const region = "us-east-1";
const GATEWAY = "127.0.0.2";
const never = (error: unknown) => {
  throw error;
};
let folder: string;
let dispatch: Dispatch;
let jobs: ReturnType<typeof openSqliteJobStore>;
let store: FolderStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-job-listener-"));
  jobs = openSqliteJobStore(join(folder, "jobs.sqlite"), {
    random: (limit) => Math.floor(Math.random() * limit),
  });
  store = await FolderStore.open(folder, { now: () => new Date() });
  const now = () => new Date();
  const lookup = jobsOnly(credentialLookup(owner, jobs));
  dispatch = createDispatch({
    operations: new Map([
      ...sageMakerOperations({
        jobs,
        maxInstances: 4,
        nextTokens: createNextTokens("s"),
        wake: () => {},
        trouble: () => null,
      }),
      ...stsOperations(),
      ...iamOperations(),
    ]),
    storageServer: createStorageServer({
      store,
      lookup,
      mayNameFiles: () => false,
      region,
      now,
      onDefect: never,
    }),
    lookup,
    region,
    accountId: "123456789012",
    health: () => ({}),
    now,
    onDefect: never,
  });
});
afterAll(async () => {
  await jobs[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function listener(problems: unknown[], changes: Partial<ConstructorParameters<typeof JobListener>[0]> = {}) {
  return new JobListener({
    gateway: async () => GATEWAY,
    dispatch,
    portFile: join(folder, "jobs-port"),
    elsewhere: null,
    onDefect: never,
    onProblem: (error) => problems.push(error),
    ...changes,
  });
}

async function send(
  url: string,
  service: string,
  request: {
    method?: string;
    path?: string;
    body?: string;
    headers?: Record<string, string>;
    credentials: Credentials;
  },
) {
  const { method = "POST", path = "/", body = "", headers: more = {}, credentials } = request;
  const payload = createHash("sha256").update(body).digest("hex");
  const head = { method, path, query: "", headers: { host: new URL(url).host, ...more } };
  const { headers } = signRequest(head, { service, region, credentials, now: new Date(), payload });
  const { host: _, ...sent } = headers as Record<string, string>;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: sent,
    ...(method === "GET" ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

const list = (url: string, credentials: Credentials) =>
  send(url, "sagemaker", {
    body: "{}",
    headers: { "x-amz-target": "SageMaker.ListProcessingJobs", "content-type": "application/x-amz-json-1.1" },
    credentials,
  });
const identity = (url: string, credentials: Credentials) =>
  send(url, "sts", {
    body: "Action=GetCallerIdentity&Version=2011-06-15",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    credentials,
  });
const buckets = (url: string, credentials: Credentials) => send(url, "s3", { method: "GET", credentials });

test("keys of a job are good there until it ends, the owner's never, in AWS's words", async () => {
  await using listening = listener([]);
  const url = (await listening.endpoint()) ?? "";
  expect(new URL(url).hostname).toBe(GATEWAY);

  expect(await list(url, owner)).toMatchObject({
    status: 400,
    text: expect.stringContaining("UnrecognizedClientException"),
  });
  expect(await identity(url, owner)).toMatchObject({
    status: 403,
    text: expect.stringContaining("InvalidClientTokenId"),
  });
  expect(await buckets(url, owner)).toMatchObject({
    status: 403,
    text: expect.stringContaining("InvalidAccessKeyId"),
  });

  const { sessionKeys } = await jobs.insert(job("inside", { runs: 0, exitCode: 0 }));
  if (sessionKeys === null) throw new Error("a job without isolation has keys");
  expect(await list(url, sessionKeys)).toMatchObject({
    status: 200,
    text: expect.stringContaining('"inside"'),
  });
  expect(await identity(url, sessionKeys)).toMatchObject({ status: 200 });
  expect(await send(url, "s3", { method: "PUT", path: "/birds", credentials: sessionKeys })).toMatchObject({
    status: 200,
  });
  expect(await buckets(url, sessionKeys)).toMatchObject({
    status: 200,
    text: expect.stringContaining("<Name>birds</Name>"),
  });
  expect((await list(url, { ...sessionKeys, sessionToken: "other" })).text).toContain(
    "UnrecognizedClientException",
  );
  const unsigned = await fetch(`${url}/birds/key`);
  expect([unsigned.status, await unsigned.text()]).toEqual([403, expect.stringContaining("AccessDenied")]);

  const record = await jobs.claim({ owner: "test", now: Date.now(), until: Date.now() + 1e6 }, 4);
  await jobs.move({
    id: record?.id ?? "",
    owner: "test",
    at: Date.now(),
    phase: "ended",
    status: "Completed",
  });
  expect((await list(url, sessionKeys)).text).toContain("ExpiredTokenException");
});

test("after a restart the port is the same; one that is taken is said, and another is kept", async () => {
  const problems: unknown[] = [];
  const portFile = join(folder, "again-port");
  const open = () => listener(problems, { portFile });
  const first = open();
  const url = await first.endpoint();
  expect(await Promise.all([first.endpoint(), first.endpoint()])).toEqual([url, url]);
  await first[Symbol.asyncDispose]();
  const second = open();
  expect(await second.endpoint()).toBe(url);
  await second[Symbol.asyncDispose]();

  const other = createServer().listen(Number(new URL(url ?? "").port), GATEWAY);
  await new Promise((resolve) => other.once("listening", resolve));
  await using third = open();
  const moved = await third.endpoint();
  expect(moved).not.toBe(url);
  expect(problems).toMatchObject([
    { code: "JOBS_UNREACHABLE", message: expect.stringContaining(`${GATEWAY}:`) },
  ]);
  expect((await readFile(portFile, "utf8")).trim()).toBe(new URL(moved ?? "").port);
  other.close();
});

test("closed while it waits for the daemon, it neither listens nor writes when the answer comes", async () => {
  const portFile = join(folder, "late-port");
  let answer: (gateway: string) => void = never;
  const listening = listener([], {
    portFile,
    gateway: async () => await new Promise((resolve) => (answer = resolve)),
  });
  const opened = listening.endpoint();
  await Promise.resolve();
  await listening[Symbol.asyncDispose]();
  answer(GATEWAY);
  expect(await opened).toBe(null);
  expect(await readFile(portFile, "utf8").catch(() => null)).toBe(null);
});

test("closed while it opens, it leaves no port half open", async () => {
  const portFile = join(folder, "opening-port");
  const listening = listener([], { portFile });
  const opened = listening.endpoint();
  await new Promise(setImmediate);
  await listening[Symbol.asyncDispose]();
  const url = (await opened) ?? "";
  const written = (await readFile(portFile, "utf8")).trim();
  expect(new URL(url).port).toBe(written);
  await expect(fetch(url)).rejects.toThrow();
});

test("a port file that holds something else is written anew", async () => {
  const portFile = join(folder, "odd-port");
  await writeFile(portFile, "99999\n");
  await using listening = listener([], { portFile });
  const url = await listening.endpoint();
  expect(url).toBe(`http://${GATEWAY}:${(await readFile(portFile, "utf8")).trim()}`);
});

test("where the gateway is another machine's, jobs get the service's own address if others reach it, else none", async () => {
  const problems: unknown[] = [];
  await using none = listener(problems, { gateway: async () => "198.51.100.1" });
  expect([await none.endpoint(), await none.endpoint()]).toEqual([null, null]);
  expect(problems).toMatchObject([
    { code: "JOBS_UNREACHABLE", message: expect.stringContaining("198.51.100.1") },
  ]);
  await using some = listener(problems, {
    gateway: async () => "198.51.100.1",
    elsewhere: "http://192.0.2.7:4599",
  });
  expect(await some.endpoint()).toBe("http://192.0.2.7:4599");
  expect(problems).toHaveLength(1);
});

test("the listener follows a gateway that changed", async () => {
  let gateway = GATEWAY;
  await using listening = listener([], { gateway: async () => gateway });
  const before = (await listening.endpoint()) ?? "";
  gateway = "127.0.0.3";
  const after = (await listening.endpoint()) ?? "";
  expect(new URL(after).hostname).toBe(gateway);
  expect((await fetch(after)).status).toBe(200);
  await expect(fetch(before)).rejects.toThrow();
});

test.each([
  ["127.0.0.1", null],
  ["localhost", null],
  ["::1", null],
  ["192.0.2.7", "http://192.0.2.7:4599"],
  ["2001:db8::7", "http://[2001:db8::7]:4599"],
  ["0.0.0.0", "http://192.0.2.9:4599"],
])("a service that listens on %s is elsewhere %s", (host, expected) => {
  const outward = {
    address: "192.0.2.9",
    family: "IPv4",
    internal: false,
    netmask: "",
    mac: "",
    cidr: null,
  } as const;
  const inward = { ...outward, address: "127.0.0.1", internal: true };
  expect(addressElsewhere({ host, port: 4599 }, { lo: [inward], eth0: [outward] })).toBe(expected);
});
