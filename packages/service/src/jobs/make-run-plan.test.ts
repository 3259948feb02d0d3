import { expect, test } from "vitest";

import type { JobRecord, RecordedRequest } from "../store/job-store.ts";
import { configFiles } from "./config-files.ts";
import { makeRunPlan } from "./make-run-plan.ts";

const GIB = 2 ** 30;
const machine = { region: "eu-west-1", machineMemory: 24 * GIB, machineCpus: 2 };

const request: RecordedRequest = {
  ProcessingJobName: "birds",
  ProcessingResources: {
    ClusterConfig: { InstanceCount: 2, InstanceType: "ml.m5.large", VolumeSizeInGB: 30 },
  },
  AppSpecification: { ImageUri: "sklearn", ContainerEntrypoint: ["python3", "x.py"] },
  RoleArn: "arn:aws:iam::123456789012:role/birds",
  ProcessingInputs: [
    {
      InputName: "code",
      S3Input: { S3Uri: "s3://b/code", LocalPath: "/opt/ml/processing/input/code", S3DataType: "S3Prefix" },
    },
    { InputName: "own", AppManaged: true, S3Input: { S3Uri: "s3://b/own", S3DataType: "S3Prefix" } },
  ],
  ProcessingOutputConfig: {
    Outputs: [
      {
        OutputName: "out",
        S3Output: { S3Uri: "s3://b/out", LocalPath: "/opt/ml/processing/out", S3UploadMode: "EndOfJob" },
      },
    ],
  },
};

const record: JobRecord = {
  id: "0001",
  name: "birds",
  arn: "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/birds",
  instanceCount: 2,
  status: "InProgress",
  phase: "queued",
  createdAt: 1_700_000_000_123,
  startedAt: null,
  endedAt: null,
  modifiedAt: 1_700_000_000_123,
  stopRequestedAt: null,
  exitMessage: null,
  failureReason: null,
  imageDigest: null,
  request,
  sessionKeys: null,
};

test("a plan says what the request says, with SageMaker's defaults, and without what the program manages itself", () => {
  const plan = makeRunPlan(record, machine);
  expect(plan).toMatchObject({
    hosts: ["algo-1", "algo-2"],
    logStreams: ["birds/algo-1-1700000000123", "birds/algo-2-1700000000123"],
    entrypoint: ["python3", "x.py"],
    arguments: [],
    networkIsolation: false,
    limits: { memoryBytes: 8 * GIB, cpus: 2, diskBytes: 30 * GIB, maxRuntimeSeconds: 86_400 },
  });
  expect(plan.downloads).toEqual([
    {
      inputName: "code",
      s3Uri: "s3://b/code",
      localPath: "/opt/ml/processing/input/code",
      s3DataType: "S3Prefix",
      s3InputMode: "File",
      s3DataDistributionType: "FullyReplicated",
      s3CompressionType: "None",
    },
  ]);
  expect(plan.uploads.map(({ outputName }) => outputName)).toEqual(["out"]);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test("the machine bounds what an instance type promises", () => {
  const large = {
    ...request,
    ProcessingResources: { ClusterConfig: { InstanceType: "ml.m5.24xlarge", VolumeSizeInGB: 1 } },
  } as const;
  expect(makeRunPlan({ ...record, request: large }, machine).limits).toMatchObject({
    memoryBytes: Math.floor(0.8 * 24 * GIB),
    cpus: 2,
  });
});

test("each host finds the job and the names of all hosts in /opt/ml/config", () => {
  const files = configFiles(makeRunPlan(record, machine), "algo-2", "process");
  expect(files.get("/opt/ml/config/processingjobconfig.json")).toEqual({
    ProcessingJobArn: record.arn,
    ...request,
  });
  expect(files.get("/opt/ml/config/resourceconfig.json")).toMatchObject({
    current_host: "algo-2",
    hosts: ["algo-1", "algo-2"],
    current_instance_type: "ml.m5.large",
    network_interface_name: "lo",
  });
});
