import { randomBytes } from "node:crypto";
import {
  FilterLogEventsCommand,
  GetLogEventsCommand,
  paginateDescribeLogStreams,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  paginateListProcessingJobs,
  StopProcessingJobCommand,
  waitUntilProcessingJobCompletedOrStopped,
} from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientsOf, serve } from "../scripts/serve.mjs";
import { shellJob } from "../scripts/shell-jobs.mjs";

const BUCKET = "javascript";

let served: Awaited<ReturnType<typeof serve>>;
let clients: ReturnType<typeof clientsOf>;
let sagemaker: (typeof clients)["sagemaker"];
let s3: (typeof clients)["s3"];
let logs: (typeof clients)["logs"];

beforeAll(async () => {
  served = await serve();
  clients = clientsOf(served);
  ({ sagemaker, s3, logs } = clients);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});

afterAll(async () => {
  clients?.destroy();
  await served?.close();
});

test("client-sagemaker: create, wait, describe, list", async () => {
  const { ProcessingJobArn } = await sagemaker.send(
    new CreateProcessingJobCommand(shellJob("js-1", { script: "echo ü; echo out > $OUT/a", bucket: BUCKET })),
  );
  const { state } = await waitUntilProcessingJobCompletedOrStopped(
    { client: sagemaker, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { ProcessingJobName: "js-1" },
  );
  expect(state).toBe("SUCCESS");
  const job = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: "js-1" }));
  expect(job).toMatchObject({ ProcessingJobArn, ProcessingJobStatus: "Completed" });
  expect(job.ProcessingEndTime?.getTime()).toBeGreaterThanOrEqual(job.CreationTime?.getTime() ?? Number.NaN);
  const names: (string | undefined)[] = [];
  for await (const page of paginateListProcessingJobs({ client: sagemaker }, { NameContains: "js-" }))
    names.push(...(page.ProcessingJobSummaries ?? []).map((one) => one.ProcessingJobName));
  expect(names).toEqual(["js-1"]);
  const refused = sagemaker.send(
    new CreateProcessingJobCommand(shellJob("js-1", { script: "true", bucket: BUCKET })),
  );
  await expect(refused).rejects.toMatchObject({ name: "ResourceInUse" });
  const unknown = sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: "none" }));
  await expect(unknown).rejects.toMatchObject({ name: "ResourceNotFound" });
});

test("client-cloudwatch-logs: streams, events, filter", async () => {
  const logGroupName = "/aws/sagemaker/ProcessingJobs";
  const streams: (string | undefined)[] = [];
  for await (const page of paginateDescribeLogStreams(
    { client: logs },
    { logGroupName, logStreamNamePrefix: "js-1/" },
  ))
    streams.push(...(page.logStreams ?? []).map((one) => one.logStreamName));
  expect(streams).toEqual([expect.stringMatching(/^js-1\/algo-1-\d+$/)]);
  const found = await logs.send(
    new GetLogEventsCommand({ logGroupName, logStreamName: streams[0] ?? "", startFromHead: true }),
  );
  expect(found.events?.map((event) => event.message)).toEqual(["ü"]);
  const filtered = await logs.send(
    new FilterLogEventsCommand({ logGroupName, logStreamNamePrefix: "js-1/", filterPattern: "ü" }),
  );
  expect(filtered.events).toHaveLength(1);
});

test("client-sagemaker: stop", async () => {
  await sagemaker.send(
    new CreateProcessingJobCommand(shellJob("js-stop", { script: "sleep 100", bucket: BUCKET })),
  );
  await sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: "js-stop" }));
  await waitUntilProcessingJobCompletedOrStopped(
    { client: sagemaker, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { ProcessingJobName: "js-stop" },
  );
  const job = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: "js-stop" }));
  expect(job.ProcessingJobStatus).toBe("Stopped");
});

test("client-s3: objects, metadata, ranges, conditions, lists, deletion", async () => {
  const put = {
    Bucket: BUCKET,
    Key: "ü/ +&.txt",
    Body: "0123456789",
    Metadata: { who: "owl" },
    ContentType: "a/b",
  };
  const { ETag } = await s3.send(new PutObjectCommand(put));
  const ranged = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: put.Key, Range: "bytes=2-4" }));
  expect([await ranged.Body?.transformToString(), ranged.ContentRange]).toEqual(["234", "bytes 2-4/10"]);
  expect(await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: put.Key }))).toMatchObject({
    ETag,
    ContentLength: 10,
    Metadata: { who: "owl" },
    ContentType: "a/b",
  });
  const exists = s3.send(new PutObjectCommand({ ...put, IfNoneMatch: "*" }));
  await expect(exists).rejects.toMatchObject({ name: "PreconditionFailed" });
  for (let index = 0; index < 7; index++)
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `list/${index}`, Body: "" }));
  const keys: (string | undefined)[] = [];
  for await (const page of paginateListObjectsV2(
    { client: s3, pageSize: 3 },
    { Bucket: BUCKET, Prefix: "list/" },
  ))
    keys.push(...(page.Contents ?? []).map((one) => one.Key));
  expect(keys).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `list/${index}`));
  const Objects = keys.map((Key) => ({ Key: Key ?? "" }));
  const { Deleted, Errors } = await s3.send(
    new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }),
  );
  expect([Deleted?.length, Errors ?? []]).toEqual([7, []]);
});

test("client-s3: multipart upload", async () => {
  const place = { Bucket: BUCKET, Key: "multipart" };
  const body = randomBytes(12 << 20);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  const Parts = [];
  for (let part = 0; part * (5 << 20) < body.length; part++) {
    const Body = body.subarray(part * (5 << 20), (part + 1) * (5 << 20));
    const { ETag } = await s3.send(new UploadPartCommand({ ...place, UploadId, PartNumber: part + 1, Body }));
    Parts.push({ ETag, PartNumber: part + 1 });
  }
  const done = await s3.send(
    new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
  );
  expect(done.ETag).toMatch(/-3"$/);
  const got = await s3.send(new GetObjectCommand(place));
  expect(body.equals((await got.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true);
});
