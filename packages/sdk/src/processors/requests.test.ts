import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProcessingJob } from "../jobs/processing-job.ts";
import { type RecordingService, recordingService } from "../recording-service.test-support.ts";
import { Session } from "../session.ts";
import { FrameworkProcessor } from "./framework-processor.ts";
import { Processor } from "./processor.ts";
import { PySparkProcessor } from "./pyspark-processor.ts";
import { ScriptProcessor } from "./script-processor.ts";
import { SKLearnProcessor } from "./sklearn-processor.ts";

interface Golden {
  readonly request: Readonly<Record<string, unknown>>;
  readonly uploads: readonly string[];
}

/** What the SageMaker Python SDK 2.257 sent for the same calls, by packages/sdk/golden/make_requests.py. */
const GOLDEN: Readonly<Record<string, Golden>> = JSON.parse(
  await readFile(new URL("../../golden/requests.json", import.meta.url), "utf8"),
);

let folder: string;
let service: RecordingService;
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  service = await recordingService();
  folder = await mkdtemp(join(tmpdir(), "fieldmark-sdk-"));
  await mkdir(at("data/test"), { recursive: true });
  await mkdir(at("scripts"));
  const texts = {
    "data/test/a.txt": "a",
    "data/b.txt": "b",
    "one.csv": "x",
    "scripts/evaluation.py": "print(1)",
    "more.py": "",
    "lib.jar": "",
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(at(name), text);
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const role = "arn:aws:iam::123456789012:role/fieldmark";

const CALLS: Readonly<Record<string, () => Promise<ProcessingJob>>> = {
  image: async () =>
    await new Processor({
      session: service.session,
      role,
      imageUri: "123456789012.dkr.ecr.us-east-1.amazonaws.com/birds:1",
      entrypoint: ["run", "--fast"],
      instanceCount: 2,
      volumeSizeInGb: 10,
      outputKmsKey: "key-1",
      volumeKmsKey: "key-2",
      maxRuntimeInSeconds: 600,
      env: { A: "1" },
      tags: { team: "birds" },
      networkConfig: { enableNetworkIsolation: true, securityGroupIds: ["sg-1"], subnets: ["s-1"] },
    }).run({
      jobName: "golden-image",
      inputs: [
        { source: at("data"), destination: "/opt/ml/processing/input" },
        { source: at("one.csv"), destination: "/opt/ml/processing/one", inputName: "one" },
        {
          source: "s3://other/manifest.json",
          destination: "/opt/ml/processing/m",
          s3DataType: "ManifestFile",
          s3InputMode: "Pipe",
          s3DataDistributionType: "ShardedByS3Key",
          s3CompressionType: "Gzip",
        },
      ],
      outputs: [
        { source: "/opt/ml/processing/out" },
        {
          source: "/opt/ml/processing/e",
          destination: "s3://other/e",
          outputName: "e",
          s3UploadMode: "Continuous",
        },
      ],
      arguments: ["--n", "1"],
    }),
  script: async () =>
    await new ScriptProcessor({
      session: service.session,
      role,
      imageUri: "birds:1",
      command: ["python3", "-v"],
    }).run({
      jobName: "golden-script",
      code: `file://${at("scripts/evaluation.py")}`,
      inputs: [{ source: "s3://other/test", destination: "/opt/ml/processing/input/test" }],
    }),
  sklearn: async () =>
    await new SKLearnProcessor({ session: service.session, role, frameworkVersion: "0.20.0" }).run({
      jobName: "golden-sklearn",
      code: "s3://other/code/prepare.py",
      arguments: ["a"],
    }),
  framework: async () =>
    await new FrameworkProcessor({
      session: service.session,
      role,
      framework: "tensorflow",
      frameworkVersion: "2.8.0",
      command: ["python3"],
    }).run({
      jobName: "golden-framework",
      code: "evaluation.py",
      sourceDir: at("scripts"),
      outputs: [{ source: "/opt/ml/processing/evaluation", outputName: "evaluation" }],
      arguments: ["--model-file", "model.tar.gz"],
    }),
  spark: async () =>
    await new PySparkProcessor({
      session: service.session,
      role,
      frameworkVersion: "3.3",
      instanceCount: 2,
      env: {}, // the Python SDK's Spark processors send an empty one
    }).run({
      jobName: "golden-spark",
      submitApp: at("scripts/evaluation.py"),
      submitPyFiles: [at("more.py"), "s3://other/x.py"],
      submitJars: [at("lib.jar")],
      submitFiles: ["s3://other/y.txt"],
      configuration: [{ Classification: "spark-defaults", Properties: { "spark.executor.memory": "1g" } }],
      sparkEventLogsS3Uri: "s3://other/events",
      arguments: ["--input", "s3a://other/"],
    }),
};

test("every call of the Python SDK has one here", () => {
  expect(Object.keys(CALLS)).toEqual(Object.keys(GOLDEN));
});

test.each(Object.keys(GOLDEN))("%s: the request and the uploads are the Python SDK's", async (name) => {
  const job = await CALLS[name]?.();
  expect(job?.name).toBe(GOLDEN[name]?.request.ProcessingJobName);
  expect(service.request()).toEqual(GOLDEN[name]?.request);
  expect([...service.uploads.keys()].sort()).toEqual(GOLDEN[name]?.uploads);
});

test("a folder is no script", async () => {
  const processor = new ScriptProcessor({
    session: service.session,
    role,
    imageUri: "birds:1",
    command: ["python3"],
  });
  await expect(processor.run({ code: at("scripts") })).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    message: expect.stringContaining("expected a file, found a folder"),
  });
  expect(service.request()).toBeUndefined();
});

test("an interrupted run creates no job", async () => {
  const processor = new Processor({ session: service.session, role, imageUri: "birds:1" });
  const inputs = [{ source: at("data"), destination: "/opt/ml/processing/input" }];
  await expect(processor.run({ inputs, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  expect(service.request()).toBeUndefined();
});

test("AWS demands a role", async () => {
  using session = new Session({
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  });
  await expect(new Processor({ session, imageUri: "birds:1" }).run()).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    message: expect.stringContaining("role is missing"),
  });
});
