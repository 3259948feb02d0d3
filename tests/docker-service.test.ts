import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { expect, test } from "vitest";
import { clientsOf, serve } from "../scripts/serve.mjs";
import { ended, linesOf } from "../scripts/shell-jobs.mjs";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";

const BASE = "debian:bookworm-slim";
const what = "the service as a process, with jobs in containers";
const here = (await dockerOrSkip(what)) && (await imageOrSkip(BASE, what));

/** Asks the endpoint that the job was told, without keys. */
const ASK =
  'exec 3<>/dev/tcp/$(echo $AWS_ENDPOINT_URL | cut -c8- | tr : /); printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -1 <&3';

test.skipIf(!here)("a container reaches the service, which ends when it is told to", async () => {
  const served = await serve(["--runtime", "docker"]);
  const { sagemaker, logs, destroy } = clientsOf(served);
  try {
    await sagemaker.send(
      new CreateProcessingJobCommand({
        ProcessingJobName: "ask",
        RoleArn: "arn:aws:iam::123456789012:role/tests",
        AppSpecification: { ImageUri: BASE, ContainerEntrypoint: ["bash", "-c", ASK] },
        ProcessingResources: {
          ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 1 },
        },
      }),
    );
    const job = await ended(sagemaker, "ask");
    expect(job.ProcessingJobStatus, job.FailureReason).toBe("Completed");
    expect(Object.values(await linesOf(logs, "ask"))).toEqual([["HTTP/1.1 200 OK\r"]]);
    await served.stop();
  } finally {
    destroy();
    await served.close();
  }
});
