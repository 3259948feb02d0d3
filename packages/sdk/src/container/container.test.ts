import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT_MESSAGE_BYTES, readContainer } from "./index.ts";

/** As SageMaker writes it: members without a value are null. */
const JOB = {
  ProcessingJobArn: "arn:aws:sagemaker:us-east-1:123456789012:processing-job/birds",
  ProcessingJobName: "birds",
  Environment: { LANGUAGE: "en" },
  AppSpecification: { ImageUri: "birds:1", ContainerEntrypoint: null, ContainerArguments: null },
  ProcessingInputs: [
    {
      InputName: "pictures",
      AppManaged: false,
      S3Input: {
        LocalPath: "/opt/ml/processing/input/pictures",
        S3Uri: "s3://birds/pictures",
        S3DataType: "S3Prefix",
        S3InputMode: "File",
        S3DataDistributionType: "ShardedByS3Key",
        S3CompressionType: "None",
      },
      DatasetDefinition: null,
    },
    {
      InputName: "stream",
      S3Input: { LocalPath: "/opt/ml/processing/stream/", S3Uri: "s3://birds/stream", S3InputMode: "Pipe" },
    },
    { InputName: "own", AppManaged: true, S3Input: { S3Uri: "s3://birds/own", S3DataType: "S3Prefix" } },
    {
      InputName: "query",
      DatasetDefinition: { LocalPath: "/opt/ml/processing/query", DataDistributionType: "FullyReplicated" },
    },
  ],
  ProcessingOutputConfig: {
    Outputs: [
      {
        OutputName: "counts",
        S3Output: {
          LocalPath: "/opt/ml/processing/counts",
          S3Uri: "s3://birds/counts",
          S3UploadMode: "Continuous",
        },
      },
      { OutputName: "features", FeatureStoreOutput: { FeatureGroupName: "birds" } },
    ],
    KmsKeyId: null,
  },
  NetworkConfig: null,
};
const RESOURCES = {
  current_host: "algo-2",
  current_instance_type: "ml.m5.xlarge",
  hosts: ["algo-1", "algo-2"],
};

let ml: string;
beforeEach(async () => {
  ml = await mkdtemp(join(tmpdir(), "fieldmark-container-"));
  await mkdir(join(ml, "config"));
});
afterEach(async () => await rm(ml, { recursive: true }));

async function written(job: unknown, resources: unknown = RESOURCES) {
  await writeFile(join(ml, "config/processingjobconfig.json"), JSON.stringify(job));
  await writeFile(join(ml, "config/resourceconfig.json"), JSON.stringify(resources));
  return await readContainer({ OPT_ML: ml });
}

test("inputs, outputs and instances as the files say, paths below the prefix", async () => {
  const job = await written(JOB);
  expect(job).toMatchObject({
    jobName: "birds",
    jobArn: JOB.ProcessingJobArn,
    hosts: ["algo-1", "algo-2"],
    currentHost: "algo-2",
    index: 1,
    instanceType: "ml.m5.xlarge",
    environment: { LANGUAGE: "en" },
    isIsolated: false,
  });
  expect(job.inputs).toEqual([
    {
      name: "pictures",
      path: join(ml, "processing/input/pictures"),
      mode: "File",
      uri: "s3://birds/pictures",
      isSharded: true,
    },
    {
      name: "stream",
      path: join(ml, "processing/stream_0"),
      mode: "Pipe",
      uri: "s3://birds/stream",
      isSharded: false,
    },
    { name: "query", path: join(ml, "processing/query"), mode: "File", uri: null, isSharded: false },
  ]);
  expect(job.outputs).toEqual([
    {
      name: "counts",
      path: join(ml, "processing/counts"),
      uri: "s3://birds/counts",
      isContinuous: true,
    },
  ]);
  expect(job.input("pictures")).toBe(job.inputs[0]);
  expect(job.output("counts")).toBe(job.outputs[0]);
});

test("a job without inputs, outputs and variables; isolated", async () => {
  const job = await written({
    ProcessingJobName: "bare",
    NetworkConfig: { EnableNetworkIsolation: true },
  });
  expect(job).toMatchObject({ jobArn: null, inputs: [], outputs: [], environment: {}, isIsolated: true });
  expect(() => job.input("pictures")).toThrow('job bare has no input "pictures": it has none');
});

test("a name that the job does not have is told with those that it has", async () => {
  const job = await written(JOB);
  expect(() => job.input("photos")).toThrow(
    'job birds has no input "photos": it has "pictures", "stream", "query"',
  );
  expect(() => job.output("photos")).toThrow('job birds has no output "photos": it has "counts"');
});

test("outside a job the missing file is named, and that no job runs", async () => {
  const expected = { code: "NOT_IN_A_JOB", message: expect.stringContaining("runs outside a job") };
  await expect(readContainer({ OPT_ML: ml })).rejects.toMatchObject(expected);
  await expect(readContainer({ OPT_ML: join(ml, "none") })).rejects.toMatchObject({
    ...expected,
    message: expect.stringContaining(join(ml, "none/config/processingjobconfig.json")),
  });
});

test.each([
  ["{", /processingjobconfig\.json: SyntaxError/],
  ["[]", /processingjobconfig\.json: the file is \[\], expected an object/],
  ["{}", /ProcessingJobName is nothing, expected text/],
  ['{"ProcessingJobName":1}', /ProcessingJobName is 1, expected text/],
  ['{"ProcessingJobName":"b","ProcessingInputs":{}}', /ProcessingInputs is {}, expected a list/],
  [
    '{"ProcessingJobName":"b","ProcessingInputs":[{"S3Input":{"LocalPath":5}}]}',
    /ProcessingInputs\[0\]\.S3Input\.LocalPath is 5, expected text/,
  ],
  ['{"ProcessingJobName":"b","Environment":{"A":1}}', /Environment\.A is 1, expected text/],
  ['{"ProcessingJobName":"b","__proto__":{"ProcessingJobArn":5},"constructor":1,"Environment":null}', null],
])("a config of %s", async (text, message) => {
  await written(JOB);
  await writeFile(join(ml, "config/processingjobconfig.json"), text);
  const reading = readContainer({ OPT_ML: ml });
  if (message === null) expect((await reading).jobArn).toBe(null);
  else
    await expect(reading).rejects.toMatchObject({
      code: "JSON_INVALID",
      message: expect.stringMatching(message),
    });
});

test.each([
  [{}, { endpoint: null, region: null, hasCredentials: false }],
  [{ AWS_ACCESS_KEY_ID: "x" }, { endpoint: null, region: null, hasCredentials: false }],
  [
    { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y", AWS_DEFAULT_REGION: "eu-west-1" },
    { endpoint: null, region: "eu-west-1", hasCredentials: true },
  ],
  [
    { AWS_SHARED_CREDENTIALS_FILE: "/c", AWS_ENDPOINT_URL: "http://127.0.0.1:4599", AWS_REGION: "us-east-1" },
    { endpoint: "http://127.0.0.1:4599", region: "us-east-1", hasCredentials: true },
  ],
  [
    { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials", AWS_REGION: "" },
    { endpoint: null, region: null, hasCredentials: true },
  ],
])("with the variables %o the access is %o", async (env, access) => {
  await written(JOB);
  expect((await readContainer({ ...env, OPT_ML: ml })).access).toEqual(access);
});

test("an exit message is cut between characters, never within one", async () => {
  const job = await written(JOB);
  const message = async (text: string) => {
    await job.writeExitMessage(text);
    return await readFile(join(ml, "output/message"));
  };
  expect((await message("done")).toString()).toBe("done");
  expect((await message(`${"a".repeat(1_022)}é!`)).toString()).toBe(`${"a".repeat(1_022)}é`);
  expect((await message(`${"a".repeat(1_023)}é!`)).toString()).toBe("a".repeat(1_023));
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 2_000 }), async (text) => {
      const bytes = await message(text);
      expect(bytes.length).toBeLessThanOrEqual(EXIT_MESSAGE_BYTES);
      const kept = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      expect(text.startsWith(kept)).toBe(true);
      if (kept !== text) expect(bytes.length).toBeGreaterThan(EXIT_MESSAGE_BYTES - 4);
    }),
    { numRuns: 50 },
  );
});
