// Processing jobs that need no more than a shell, for tests, benchmarks, the crash test and the soak.
import { GetLogEventsCommand, paginateDescribeLogStreams } from "@aws-sdk/client-cloudwatch-logs";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { DescribeProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { pause } from "./serve.mjs";

/** Its environment is always there, with the machine's shell and Node. */
export const SHELL_IMAGE = "fieldmark/evaluator";
export const GROUP = "/aws/sagemaker/ProcessingJobs";
const OUT = "/opt/ml/processing/output";

/** A word of a request has at most 256 characters and no line break: a longer script goes as arguments, in base64. */
function command(shell, script) {
  if (script.length <= 256 && !script.includes("\n")) return { ContainerEntrypoint: [shell, "-c", script] };
  return {
    ContainerEntrypoint: [shell, "-c", 'eval "$(printf %s "$@" | base64 -d)"', "script"],
    ContainerArguments: Buffer.from(script)
      .toString("base64")
      .match(/.{1,256}/g),
  };
}

/**
 * The request of a job that runs `script` by bash; what it leaves in $OUT goes to s3://bucket/name.
 *
 * @param {string} name
 * @param {{ script: string, bucket: string, shell?: string, instances?: number, mode?: "EndOfJob" | "Continuous",
 *   isolated?: boolean, maxSeconds?: number, type?: string, volumeGigabytes?: number }} job
 */
export function shellJob(name, job) {
  return {
    ProcessingJobName: name,
    RoleArn: "arn:aws:iam::123456789012:role/tests",
    AppSpecification: { ImageUri: SHELL_IMAGE, ...command(job.shell ?? "/bin/bash", job.script) },
    Environment: { OUT },
    ProcessingResources: {
      ClusterConfig: {
        InstanceCount: job.instances ?? 1,
        InstanceType: job.type ?? "ml.m5.xlarge",
        VolumeSizeInGB: job.volumeGigabytes ?? 10,
      },
    },
    ...(job.isolated === true ? { NetworkConfig: { EnableNetworkIsolation: true } } : {}),
    ...(job.maxSeconds === undefined ? {} : { StoppingCondition: { MaxRuntimeInSeconds: job.maxSeconds } }),
    ProcessingOutputConfig: {
      Outputs: [
        {
          OutputName: "out",
          S3Output: {
            S3Uri: `s3://${job.bucket}/${name}`,
            LocalPath: OUT,
            S3UploadMode: job.mode ?? "EndOfJob",
          },
        },
      ],
    },
  };
}

const ENDED = ["Completed", "Failed", "Stopped"];

/** Waits for the job's end; its description. */
export async function ended(sagemaker, name, { seconds = 300, every = 100 } = {}) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const job = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));
    if (ENDED.includes(job.ProcessingJobStatus)) return job;
    if (performance.now() > end)
      throw new Error(`${name} is still ${job.ProcessingJobStatus} after ${seconds} s`);
    await pause(every);
  }
}

/** The lines of each stream of a job, by stream. */
export async function linesOf(logs, name) {
  const found = {};
  const query = { logGroupName: GROUP, logStreamNamePrefix: `${name}/` };
  for await (const { logStreams } of paginateDescribeLogStreams({ client: logs }, query)) {
    for (const { logStreamName } of logStreams) {
      const lines = [];
      let nextToken;
      for (;;) {
        const place = { logGroupName: GROUP, logStreamName, startFromHead: true, nextToken };
        const page = await logs.send(new GetLogEventsCommand(place));
        for (const event of page.events) lines.push(event.message);
        if (page.nextForwardToken === nextToken) break;
        nextToken = page.nextForwardToken;
      }
      found[logStreamName] = lines;
    }
  }
  return found;
}

/** Keys below a prefix, without it. */
export async function keysOf(s3, Bucket, Prefix) {
  const keys = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix }))
    for (const { Key } of Contents) keys.push(Key.slice(Prefix.length));
  return keys;
}

export async function bytesOf(s3, Bucket, Key) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body.transformToByteArray());
}
