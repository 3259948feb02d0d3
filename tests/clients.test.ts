import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldmark, serve } from "../scripts/serve.mjs";
import { pytest, python } from "./python.ts";

const sagemaker2 = python("sagemaker2", "boto3, the AWS CLI, s5cmd, SageMaker Python SDK 2.x, Spark's S3A");
const sagemaker3 = python("sagemaker3", "SageMaker Python SDK 3.x");
const jars = process.env.FIELDMARK_S3A_JARS;
if (jars === undefined)
  console.warn("skipped: Spark's S3A (set FIELDMARK_S3A_JARS to the jars of hadoop-aws; .ci/run does)");

let served: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  const interpreter = sagemaker2 ?? sagemaker3;
  if (interpreter === undefined) return;
  served = await serve(["--max-instances", "8"], {
    setup: async (data) => {
      for (const name of ["sklearn", "tensorflow"])
        await fieldmark("environments", "add", name, "--python", interpreter, "--data", data);
    },
  });
});

afterAll(async () => await served?.close());

/** One file of tests/clients a client; `pytest` prints which of its tests failed and why. */
const CLIENTS = [
  { client: "boto3", file: "test_boto3.py", interpreter: sagemaker2 },
  { client: "AWS CLI and s5cmd", file: "test_awscli.py", interpreter: sagemaker2 },
  { client: "SageMaker Python SDK 2.x", file: "test_sagemaker2.py", interpreter: sagemaker2 },
  { client: "SageMaker Python SDK 3.x", file: "test_sagemaker3.py", interpreter: sagemaker3 },
  { client: "Spark's S3A", file: "test_spark.py", interpreter: jars === undefined ? undefined : sagemaker2 },
];

for (const { client, file, interpreter } of CLIENTS) {
  test.skipIf(interpreter === undefined)(client, { timeout: 900_000 }, async () => {
    const { code, stdout, stderr } = await pytest(interpreter ?? "", file, served.env);
    expect(code, `${stdout}${stderr}\n${served.said()}`).toBe(0);
    expect(stdout).toMatch(/\d+ passed/);
  });
}
