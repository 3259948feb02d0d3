import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { signRequest } from "@fieldmark/contract";
import { S3Store } from "@fieldmark/object-store/s3";
import { objectStoreContract } from "@fieldmark/object-store/test-support";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "./operations.ts";
import {
  ACCESS_KEY,
  type RunningStorageServer,
  SECRET_KEY,
  startStorageServer,
} from "./storage-server.test-support.ts";

const clientOf = (url: string, more: object = {}): S3Client =>
  new S3Client({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    forcePathStyle: true,
    maxAttempts: 1,
    ...more,
  });

let server: RunningStorageServer;
let s3: S3Client;
const Bucket = "birds";

beforeAll(async () => {
  server = await startStorageServer();
  s3 = clientOf(server.url);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  s3.destroy();
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const text = async (Key: string, more: object = {}): Promise<string | undefined> =>
  await (await s3.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToString();

describe("the AWS SDK for JavaScript", () => {
  test("puts, gets, lists, and tells what was said with the put", async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "a/grün.txt",
        Body: "hello",
        ContentType: "text/plain",
        Metadata: { n: "1" },
        Tagging: "k=v",
        ServerSideEncryption: "aws:kms",
        StorageClass: "STANDARD_IA",
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "a/grün.txt", ChecksumMode: "ENABLED" }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: "text/plain",
      Metadata: { n: "1" },
      ETag: `"${createHash("md5").update("hello").digest("hex")}"`,
      ServerSideEncryption: "aws:kms",
      StorageClass: "STANDARD_IA",
      ChecksumCRC32: "NhCmhg==",
    });
    expect(await text("a/grün.txt", { Range: "bytes=1-3" })).toBe("ell");
    const tags = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "a/grün.txt" }));
    expect(tags.TagSet).toEqual([{ Key: "k", Value: "v" }]);
    const list = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(["a/grün.txt"]);
  });

  test("addresses a bucket in the host name", async () => {
    const port = new URL(server.url).port;
    // Not every machine's resolver knows *.localhost: the name goes into the Host header alone.
    const signed = signRequest(
      {
        method: "GET",
        path: "/a/gr%C3%BCn.txt",
        query: "",
        headers: { host: `${Bucket}.localhost:${port}` },
      },
      {
        service: "s3",
        region: "us-east-1",
        credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
        now: new Date(),
      },
    );
    const status = await new Promise((resolve, reject) => {
      const headers = Object.fromEntries(
        Object.entries(signed.headers).map(([name, value]) => [name, String(value)]),
      );
      request({ host: "127.0.0.1", port, path: "/a/gr%C3%BCn.txt", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test("uploads in parts, from bodies and from a copy, with a checksum of the whole", async () => {
    const one = Buffer.alloc(5 << 20, "1");
    await s3.send(new PutObjectCommand({ Bucket, Key: "source", Body: "0123456789" }));
    const place = { Bucket, Key: "big" };
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({
        ...place,
        ChecksumAlgorithm: "CRC64NVME",
        ChecksumType: "FULL_OBJECT",
      }),
    );
    const first = await s3.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: one, ChecksumAlgorithm: "CRC64NVME" }),
    );
    const second = await s3.send(
      new UploadPartCopyCommand({
        ...place,
        UploadId,
        PartNumber: 2,
        CopySource: `${Bucket}/source`,
        CopySourceRange: "bytes=2-4",
      }),
    );
    const Parts = [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
    ];
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
    );
    const again = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "whole",
        Body: Buffer.concat([one, Buffer.from("234")]),
        ChecksumAlgorithm: "CRC64NVME",
      }),
    );
    expect(done.ChecksumCRC64NVME).toBe(again.ChecksumCRC64NVME);
    expect(await text("big", { PartNumber: 2 })).toBe("234");
    const attributes = await s3.send(
      new GetObjectAttributesCommand({
        ...place,
        ObjectAttributes: ["ObjectParts", "ObjectSize", "Checksum", "ETag"],
      }),
    );
    expect(attributes).toMatchObject({
      ObjectSize: one.length + 3,
      Checksum: { ChecksumType: "FULL_OBJECT" },
      ObjectParts: {
        TotalPartsCount: 2,
        Parts: [
          { PartNumber: 1, Size: one.length },
          { PartNumber: 2, Size: 3 },
        ],
      },
    });
  });

  test("copies with other metadata, and with a checksum that the source does not have", async () => {
    await s3.send(
      new PutObjectCommand({ Bucket, Key: "from", Body: "copied", Metadata: { old: "1" }, Tagging: "t=1" }),
    );
    const CopySource = `${Bucket}/from`;
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: "to",
        CopySource,
        MetadataDirective: "REPLACE",
        Metadata: { new: "2" },
      }),
    );
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: "to" }))).toMatchObject({
      Metadata: { new: "2" },
      TagCount: 1,
    });
    const copied = await s3.send(
      new CopyObjectCommand({ Bucket, Key: "to2", CopySource, ChecksumAlgorithm: "SHA256" }),
    );
    const expected = createHash("sha256").update("copied").digest("base64");
    expect(copied.CopyObjectResult?.ChecksumSHA256).toBe(expected);
    expect(await text("to2")).toBe("copied");
  });

  test("is told the names of what failed", async () => {
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: "absent" }))).rejects.toMatchObject({
      name: "NoSuchKey",
      $metadata: { httpStatusCode: 404 },
    });
    const stranger = clientOf(server.url, {
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: "wrong" },
    });
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
    });
    stranger.destroy();
  });

  test("lists buckets in pages", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "other" }));
    const first = await s3.send(new ListBucketsCommand({ MaxBuckets: 1 }));
    const second = await s3.send(
      new ListBucketsCommand({ MaxBuckets: 1, ContinuationToken: first.ContinuationToken }),
    );
    expect([first, second].map(({ Buckets }) => Buckets?.map(({ Name }) => Name))).toEqual([
      ["birds"],
      ["other"],
    ]);
    expect(second.ContinuationToken).toBeUndefined();
  });

  test("sees one version of each object", async () => {
    const found = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: "from" }));
    expect(found.Versions).toMatchObject([{ Key: "from", VersionId: "null", IsLatest: true }]);
  });
});

test("directory markers, and keys that are not there, are Deleted: Spark's S3A would ask again for ever", async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: "out/part-0", Body: "1" }));
  const keys = ["out/", "out/_temporary/", "out/_temporary/0/", "never"];
  const answer = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: false } }),
  );
  expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(keys);
  expect(answer.Errors).toBeUndefined();
  expect(await text("out/part-0")).toBe("1");
});

test("a bucket's name is never taken for a path", async () => {
  for (const name of ["..", "%2e%2e", "..%2Fmetadata"]) {
    const store = clientOf(server.url);
    await expect(store.send(new GetObjectCommand({ Bucket: name, Key: "keys.json" }))).rejects.toBeDefined();
    await expect(
      s3.send(new CopyObjectCommand({ Bucket, Key: "stolen", CopySource: `${name}/keys.json` })),
    ).rejects.toMatchObject({ name: "NoSuchBucket" });
    store.destroy();
  }
});

test("docs/conformance.md names every operation", async () => {
  const page = await readFile(new URL("../../../../docs/conformance.md", import.meta.url), "utf8");
  const names = ROUTES.map(({ name }) => name).filter((name) => !name.includes(" "));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
});

test("no two routes answer the same request", () => {
  const asked = ROUTES.map(({ method, level, query = [], header = "" }) =>
    [method, level, ...query, header].join(" "),
  );
  expect(new Set(asked).size).toBe(asked.length);
});

objectStoreContract("S3Store on this server", async () => {
  const running = await startStorageServer();
  const client = clientOf(running.url);
  const bucket = "contract";
  await running.store.createBucket(bucket);
  return {
    store: new S3Store(client),
    bucket,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await running[Symbol.asyncDispose]();
    },
  };
});
