import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signRequest } from "@fieldmark/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Service, startService } from "./service.ts";

let folder: string;
const said: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-service-"));
  said.length = 0;
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const start = (changes = {}): Promise<Service> =>
  startService({
    dataFolder: folder,
    listen: { host: "127.0.0.1", port: 0 },
    runtime: "process",
    maxInstances: 2,
    retentionDays: 90,
    region: "us-east-1",
    env: {},
    evaluatorScript: null,
    log: (text) => said.push(text),
    ...changes,
  });

async function call({ url, keys, region }: Service, operation: string, input: unknown) {
  const body = JSON.stringify(input);
  const { headers } = signRequest(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: { host: new URL(url).host, "x-amz-target": `SageMaker.${operation}` },
    },
    {
      service: "sagemaker",
      region,
      credentials: keys,
      now: new Date(),
      payload: createHash("sha256").update(body).digest("hex"),
    },
  );
  const { host: _, ...sent } = headers as Record<string, string>;
  const response = await fetch(url, { method: "POST", body, headers: sent });
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

const job = (ProcessingJobName: string) => ({
  ProcessingJobName,
  RoleArn: "arn:aws:iam::123456789012:role/r",
  AppSpecification: { ImageUri: "nobody/knows:it", ContainerEntrypoint: ["true"] },
  ProcessingResources: {
    ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 1 },
  },
});

test("jobs and keys outlive the service; a job whose image stands for nothing fails with the way to add one", async () => {
  const first = await start();
  await call(first, "CreateProcessingJob", job("unknown-image"));
  await first.close();
  await using second = await start();
  expect(second.keys).toEqual(first.keys);
  await expect
    .poll(async () => await call(second, "DescribeProcessingJob", { ProcessingJobName: "unknown-image" }))
    .toMatchObject({
      ProcessingJobStatus: "Failed",
      FailureReason: expect.stringMatching(/environment.*nobody\/knows:it/),
      FieldmarkTransitions: expect.arrayContaining([expect.objectContaining({ Phase: "queued" })]),
    });
  expect(said).toEqual([]);
});

test("a second service on the folder is refused, and leaves the first one as it is", async () => {
  await using first = await start();
  await expect(start()).rejects.toMatchObject({ code: "DATA_IN_USE", details: { pid: process.pid } });
  expect(await call(first, "ListProcessingJobs", {})).toEqual({ ProcessingJobSummaries: [] });
});

test("a taken port is refused, and the folder is free again", async () => {
  await using other = await start();
  const port = Number(new URL(other.url).port);
  const dataFolder = join(folder, "inner");
  await expect(start({ dataFolder, listen: { host: "127.0.0.1", port } })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
  });
  await using _free = await start({ dataFolder });
});

test("closing twice is once", async () => {
  const service = await start();
  await Promise.all([service.close(), service.close()]);
  await expect(fetch(service.url)).rejects.toThrow();
});
