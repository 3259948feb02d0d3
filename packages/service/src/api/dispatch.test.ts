import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Credentials, presignRequest, signRequest } from "@fieldmark/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { credentialLookup } from "../credentials.ts";
import type { JobStore } from "../store/job-store.ts";
import { openSqliteJobStore } from "../store/sqlite/sqlite-job-store.ts";
import { createDispatch } from "./dispatch.ts";
import { createHttpServer, listen } from "./http-server.ts";
import { createNextTokens } from "./next-token.ts";
import { iamOperations, stsOperations } from "./operations/identity.ts";
import { sageMakerOperations } from "./operations/sagemaker.ts";

const owner = { accessKeyId: "AKIAOWNER", secretAccessKey: "secret" };
const region = "us-east-1";
const defects: unknown[] = [];
let folder: string;
let jobs: JobStore;
let server: ReturnType<typeof createHttpServer>;
let url: string;
let woken = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-dispatch-"));
  jobs = openSqliteJobStore(join(folder, "jobs.sqlite"), {
    random: (limit) => Math.floor(Math.random() * limit),
  });
  const context = {
    jobs,
    maxInstances: 4,
    nextTokens: createNextTokens("s"),
    wake: () => void woken++,
    trouble: () => null,
  };
  const failing = async () => {
    throw new TypeError("a bug");
  };
  const dispatch = createDispatch({
    operations: new Map([
      ...sageMakerOperations(context),
      ...stsOperations(),
      ...iamOperations(),
      ["Logs_20140328.DescribeLogGroups", failing],
    ]),
    storageServer: async (_, response) => void response.writeHead(418).end(),
    lookup: credentialLookup(owner, jobs),
    region,
    accountId: "123456789012",
    health: () => ({ service: "fieldmark" }),
    now: () => new Date(),
    onDefect: (error) => defects.push(error),
  });
  server = createHttpServer(dispatch, (error) => defects.push(error));
  url = `http://127.0.0.1:${await listen(server, { host: "127.0.0.1", port: 0 })}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await jobs[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly service?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly credentials?: Credentials;
  readonly now?: Date;
  readonly change?: (headers: Record<string, string>) => Record<string, string>;
}

async function post({
  service = "sagemaker",
  body = "{}",
  headers = {},
  credentials = owner,
  now = new Date(),
  change = (same) => same,
}: Sent) {
  const payload = createHash("sha256").update(body).digest("hex");
  const head = { method: "POST", path: "/", query: "", headers: { host: new URL(url).host, ...headers } };
  const signed = signRequest(head, { service, region, credentials, now, payload }).headers as Record<
    string,
    string
  >;
  const { host: _, ...sent } = change(signed);
  return await fetch(url, { method: "POST", body: new Uint8Array(Buffer.from(body)), headers: sent });
}

async function call(operation: string, input: unknown, sent: Sent = {}) {
  const target = operation.startsWith("Logs") ? operation : `SageMaker.${operation}`;
  const headers = { "x-amz-target": target, "content-type": "application/x-amz-json-1.1" };
  const service = operation.startsWith("Logs") ? "logs" : "sagemaker";
  const body = typeof input === "string" || input instanceof Buffer ? input : JSON.stringify(input);
  const response = await post({ service, body, ...sent, headers: { ...headers, ...sent.headers } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === "" ? null : JSON.parse(text),
  };
}

const job = (name: string, changes = {}) => ({
  ProcessingJobName: name,
  RoleArn: "arn:aws:iam::123456789012:role/r",
  AppSpecification: { ImageUri: "image", ContainerEntrypoint: ["python3", "a.py"] },
  ProcessingResources: {
    ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 30 },
  },
  ...changes,
});
const s3Input = (changes = {}) => ({
  InputName: "in",
  S3Input: { S3Uri: "s3://b/in", S3DataType: "S3Prefix", LocalPath: "/opt/ml/processing/in", ...changes },
});
const s3Output = (changes = {}) => ({
  OutputName: "out",
  S3Output: {
    S3Uri: "s3://b/out",
    S3UploadMode: "EndOfJob",
    LocalPath: "/opt/ml/processing/out",
    ...changes,
  },
});

test("a job is created, described with AWS's defaults, stopped, and deleted only when it is finished", async () => {
  const before = woken;
  const members = {
    ProcessingInputs: [s3Input()],
    ProcessingOutputConfig: { Outputs: [s3Output()] },
    NetworkConfig: { EnableNetworkIsolation: true },
    Environment: { A: "b" },
  };
  const Tags = [{ Key: "k", Value: "v" }];
  const created = await call("CreateProcessingJob", job("whole", { ...members, Tags }));
  const arn = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/whole";
  expect(created).toMatchObject({ status: 200, json: { ProcessingJobArn: arn } });
  expect(created.headers.get("content-type")).toBe("application/x-amz-json-1.1");
  expect(created.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
  expect(woken).toBe(before + 1);

  const { json } = await call("DescribeProcessingJob", { ProcessingJobName: "whole" });
  expect(json).toMatchObject({
    ...job("whole", members),
    ProcessingJobArn: arn,
    ProcessingJobStatus: "InProgress",
  });
  expect(json.ProcessingInputs[0]).toMatchObject({
    AppManaged: false,
    S3Input: { S3InputMode: "File", S3DataDistributionType: "FullyReplicated", S3CompressionType: "None" },
  });
  expect(json.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 86_400 });
  expect(json.NetworkConfig).toEqual({
    EnableNetworkIsolation: true,
    EnableInterContainerTrafficEncryption: false,
  });
  expect(Math.abs(json.CreationTime - Date.now() / 1000)).toBeLessThan(60);
  expect(json).not.toHaveProperty("Tags");

  expect(await call("DeleteProcessingJob", { ProcessingJobName: "whole" })).toMatchObject({
    json: { __type: "ResourceInUse" },
  });
  expect(await call("StopProcessingJob", { ProcessingJobName: "whole" })).toMatchObject({
    status: 200,
    text: "",
  });
  expect(await call("DescribeProcessingJob", { ProcessingJobName: "whole" })).toMatchObject({
    json: { ProcessingJobStatus: "Stopping" },
  });
});

test("errors have AWS's names, words and form", async () => {
  await call("CreateProcessingJob", job("twice"));
  const again = await call("CreateProcessingJob", job("twice"));
  expect(again).toMatchObject({
    status: 400,
    json: {
      __type: "ResourceInUse",
      message:
        "Job name must be unique within an AWS account and region, and a job with this name already exists (arn:aws:sagemaker:us-east-1:123456789012:processing-job/twice)",
    },
  });
  expect(again.headers.get("x-amzn-errortype")).toBe("ResourceInUse");
  for (const operation of ["DescribeProcessingJob", "StopProcessingJob", "DeleteProcessingJob"])
    expect(await call(operation, { ProcessingJobName: "none" })).toMatchObject({
      status: 400,
      json: { __type: "ResourceNotFound", message: "Could not find requested job with name: none" },
    });
  const many = job("many", {
    ProcessingResources: {
      ClusterConfig: { InstanceCount: 5, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 1 },
    },
  });
  expect(await call("CreateProcessingJob", many)).toMatchObject({
    json: { __type: "ResourceLimitExceeded" },
  });
  expect(await call("DescribeProcessingJob", {})).toMatchObject({
    json: {
      __type: "ValidationException",
      message:
        "1 validation error detected: Value null at 'processingJobName' failed to satisfy constraint: Member must not be null",
    },
  });
  expect(await call("FlyToTheMoon", {})).toMatchObject({
    status: 400,
    json: { __type: "UnknownOperationException" },
  });
  expect(await call("DescribeProcessingJob", { ProcessingJobName: 7 })).toMatchObject({
    json: { __type: "SerializationException" },
  });
});

test.each<[string, object, RegExp]>([
  [
    "two inputs of one name",
    { ProcessingInputs: [s3Input(), s3Input()] },
    /input names must be unique: 'in'/,
  ],
  [
    "two outputs of one name",
    { ProcessingOutputConfig: { Outputs: [s3Output(), s3Output()] } },
    /output names must be unique: 'out'/,
  ],
  [
    "a LocalPath elsewhere",
    { ProcessingInputs: [s3Input({ LocalPath: "/opt/ml/model" })] },
    /below \/opt\/ml\/processing\//,
  ],
  [
    "the root itself",
    { ProcessingInputs: [s3Input({ LocalPath: "/opt/ml/processing/" })] },
    /below \/opt\/ml\/processing\//,
  ],
  [
    "a LocalPath with ..",
    { ProcessingOutputConfig: { Outputs: [s3Output({ LocalPath: "/opt/ml/processing/../x" })] } },
    /no '\.\.'/,
  ],
  ["no LocalPath", { ProcessingInputs: [s3Input({ LocalPath: undefined })] }, /LocalPath is required/],
  [
    "gzip without Pipe",
    { ProcessingInputs: [s3Input({ S3CompressionType: "Gzip" })] },
    /Gzip can only be used if S3InputMode is Pipe/,
  ],
  ["an https S3Uri", { ProcessingInputs: [s3Input({ S3Uri: "https://b/k" })] }, /s3:\/\/bucket\/key/],
  [
    "a DatasetDefinition",
    { ProcessingInputs: [{ InputName: "d", DatasetDefinition: { LocalPath: "/opt/ml/processing/d" } }] },
    /DatasetDefinition/,
  ],
  [
    "a FeatureStoreOutput",
    {
      ProcessingOutputConfig: {
        Outputs: [{ OutputName: "f", FeatureStoreOutput: { FeatureGroupName: "g" } }],
      },
    },
    /FeatureStoreOutput/,
  ],
  ["an input without source", { ProcessingInputs: [{ InputName: "x" }] }, /must have an S3Input/],
  ["a NUL", { Environment: { A: "\0" } }, /environment holds a NUL/],
  ["a reserved tag", { Tags: [{ Key: "aws:x", Value: "" }] }, /aws: prefixed tag key names/],
])("CreateProcessingJob refuses %s", async (_, changes, message) => {
  const { status, json } = await call("CreateProcessingJob", job("refused", changes));
  expect([status, json.__type]).toEqual([400, "ValidationException"]);
  expect(json.message).toMatch(message);
  expect(await jobs.get("refused")).toBeNull();
});

test("pages of a list do not move while jobs are added, and a token is good for its list alone", async () => {
  for (const i of [1, 2, 3, 4, 5]) await call("CreateProcessingJob", job(`page-${i}`));
  const page = async (more: object) =>
    (await call("ListProcessingJobs", { NameContains: "page-", MaxResults: 2, ...more })).json;
  const names = (list: { ProcessingJobSummaries: readonly { ProcessingJobName: string }[] }) =>
    list.ProcessingJobSummaries.map((one) => one.ProcessingJobName);
  const first = await page({ SortOrder: "Descending" });
  await call("CreateProcessingJob", job("page-6"));
  const second = await page({ SortOrder: "Descending", NextToken: first.NextToken, MaxResults: 10 });
  expect([names(first), names(second)]).toEqual([
    ["page-5", "page-4"],
    ["page-3", "page-2", "page-1"],
  ]);
  expect(second).not.toHaveProperty("NextToken");
  expect(names(await page({}))).toEqual(["page-1", "page-2"]);
  for (const NextToken of ["x", `${first.NextToken}x`, first.NextToken.slice(1)])
    expect(await page({ SortOrder: "Descending", NextToken })).toMatchObject({
      __type: "ValidationException",
    });
  expect(await page({ NextToken: first.NextToken })).toMatchObject({ __type: "ValidationException" });
  expect(await page({ CreationTimeAfter: Date.now() / 1000 + 60 })).toMatchObject({
    ProcessingJobSummaries: [],
  });
});

test("tags are added, replaced, listed and deleted", async () => {
  const {
    json: { ProcessingJobArn: ResourceArn },
  } = await call("CreateProcessingJob", job("tagged", { Tags: [{ Key: "a", Value: "1" }] }));
  const added = await call("AddTags", {
    ResourceArn,
    Tags: [
      { Key: "a", Value: "2" },
      { Key: "b", Value: "" },
    ],
  });
  expect(added.json.Tags).toEqual([
    { Key: "a", Value: "2" },
    { Key: "b", Value: "" },
  ]);
  expect(await call("DeleteTags", { ResourceArn, TagKeys: ["a", "c"] })).toMatchObject({
    status: 200,
    text: "{}",
  });
  expect((await call("ListTags", { ResourceArn })).json).toEqual({ Tags: [{ Key: "b", Value: "" }] });
  expect((await call("ListTags", { ResourceArn: ResourceArn.replace("tagged", "none") })).json.__type).toBe(
    "ResourceNotFound",
  );
});

test.each<[string, Sent, string]>([
  [
    "unknown key",
    { credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } },
    "UnrecognizedClientException",
  ],
  ["wrong secret", { credentials: { ...owner, secretAccessKey: "x" } }, "InvalidSignatureException"],
  [
    "ended session",
    { credentials: { accessKeyId: "ASIAENDED", secretAccessKey: "x", sessionToken: "t" } },
    "ExpiredTokenException",
  ],
  ["an hour ago", { now: new Date(Date.now() - 3_600_000) }, "InvalidSignatureException"],
  [
    "unsigned header",
    { change: (headers) => ({ ...headers, "x-amz-more": "1" }) },
    "InvalidSignatureException",
  ],
  [
    "no signature",
    { change: ({ authorization: _, ...headers }) => headers },
    "MissingAuthenticationTokenException",
  ],
  [
    "half a signature",
    { change: (headers) => ({ ...headers, authorization: "AWS4-HMAC-SHA256 Credential=a" }) },
    "IncompleteSignatureException",
  ],
])("a request is refused: %s", async (_, sent, code) => {
  expect((await call("ListProcessingJobs", {}, sent)).json.__type).toBe(code);
});

test("a job's own keys are good for its program until it ends", async () => {
  await call("CreateProcessingJob", job("own-keys"));
  const keys = (await jobs.get("own-keys"))?.sessionKeys ?? undefined;
  expect(await call("ListProcessingJobs", {}, keys && { credentials: keys })).toMatchObject({ status: 200 });
  const forged = keys && { credentials: { ...keys, sessionToken: "other" } };
  expect((await call("ListProcessingJobs", {}, forged)).json.__type).toBe("UnrecognizedClientException");
});

test("sts and iam speak Query and XML", async () => {
  const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const identity = await post({
    service: "sts",
    body: "Action=GetCallerIdentity&Version=2011-06-15",
    headers: form,
  });
  expect(identity.headers.get("content-type")).toBe("text/xml");
  expect(await identity.text()).toMatch(
    /^<GetCallerIdentityResponse xmlns="https:\/\/sts.amazonaws.com\/doc\/2011-06-15\/"><GetCallerIdentityResult><UserId>AROA\w{17}:owner<\/UserId><Account>123456789012<\/Account><Arn>arn:aws:sts::123456789012:assumed-role\/fieldmark\/owner<\/Arn>/,
  );
  const role = await post({
    service: "iam",
    body: "Action=GetRole&RoleName=my-role&Version=2010-05-08",
    headers: form,
  });
  expect(await role.text()).toContain(
    "<Arn>arn:aws:iam::123456789012:role/my-role</Arn><CreateDate>1970-01-01T00:00:00Z</CreateDate>",
  );
  const invalid = await post({ service: "iam", body: "Action=GetRole&RoleName=a%3Cb", headers: form });
  expect([invalid.status, await invalid.text()]).toEqual([
    400,
    expect.stringContaining(
      "<Code>ValidationError</Code><Message>1 validation error detected: Value 'a&lt;b' at 'roleName'",
    ),
  ]);
  const unknown = await post({ service: "sts", body: "Action=AssumeRole", headers: form });
  expect([unknown.status, await unknown.text()]).toEqual([
    400,
    expect.stringContaining("<Code>InvalidAction</Code>"),
  ]);
  const unsigned = await fetch(url, { method: "POST", body: "Action=GetCallerIdentity", headers: form });
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining("<Code>MissingAuthenticationToken</Code>"),
  ]);
});

test("a presigned GetCallerIdentity is taken", async () => {
  const head = {
    method: "GET",
    path: "/",
    query: "Action=GetCallerIdentity&Version=2011-06-15",
    headers: { host: new URL(url).host },
  };
  const query = presignRequest(head, {
    service: "sts",
    region,
    credentials: owner,
    now: new Date(),
    expiresSeconds: 60,
  });
  expect(await (await fetch(`${url}/?${query}`)).text()).toContain("<Account>123456789012</Account>");
});

test("what is not one of these services is S3's; a bare look at / is told that a service is here", async () => {
  expect((await fetch(`${url}/bucket/key`)).status).toBe(418);
  expect((await post({ service: "s3" })).status).toBe(418);
  expect(await (await fetch(url)).json()).toEqual({ service: "fieldmark" });
});

test("malformed bodies are refused, and a bug of ours is answered and reported", async () => {
  for (const body of ["{", "nonsense", Buffer.from([0xff, 0xfe])])
    expect((await call("ListProcessingJobs", body)).json.__type).toBe("SerializationException");
  expect((await call("ListProcessingJobs", "[]")).json.__type).toBe("SerializationException");
  expect((await call("ListProcessingJobs", "[".repeat(1_000_000))).json.__type).toBe(
    "SerializationException",
  );
  const cbor = { headers: { "content-type": "application/x-amz-cbor-1.1" } };
  expect((await call("ListProcessingJobs", "{}", cbor)).json.__type).toBe("SerializationException");
  const broken = await call("Logs_20140328.DescribeLogGroups", {});
  expect(broken).toMatchObject({ status: 500, json: { __type: "InternalFailure" } });
  expect(defects.splice(0)).toEqual([new TypeError("a bug")]);
});

test("a body that is too large is refused before it is read", async () => {
  const answered = await call("ListProcessingJobs", Buffer.alloc(6 * 2 ** 20, 32)).catch(() => null);
  if (answered !== null) expect(answered.status).toBe(413);
  expect((await call("ListProcessingJobs", {})).status).toBe(200);
});

test("broken HTTP and idle connections leave the service up", async () => {
  const sockets = Array.from({ length: 200 }, () => connect(Number(new URL(url).port), "127.0.0.1"));
  const raw = connect(Number(new URL(url).port), "127.0.0.1");
  const answer = new Promise<string>((resolve) => raw.once("data", (data) => resolve(data.toString())));
  raw.write("NONSENSE\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  expect((await call("ListProcessingJobs", {})).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});
