import { createHash, randomBytes } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { expect, test } from "vitest";
import { clientsOf, pause, serve } from "../scripts/serve.mjs";
import { bytesOf, ended, shellJob } from "../scripts/shell-jobs.mjs";

const FIFO = "/opt/ml/processing/input/numbers_0";
const BUCKET = "pipes";

/** Reads a part, then the rest after a while: the service is killed between. */
const READER = `exec 3<${FIFO}; head -c 1000000 <&3 >/tmp/all; sleep 3; cat <&3 >>/tmp/all; sha256sum </tmp/all >$OUT/sum`;

test("a Pipe input goes on while the service is killed and started again: every byte arrives, in key order", async () => {
  const service = await serve();
  const { sagemaker, s3, destroy } = clientsOf(service);
  try {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const hash = createHash("sha256");
    for (const key of ["in/a", "in/b", "in/c"]) {
      const Body = randomBytes(3_000_000);
      hash.update(Body);
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }));
    }
    const S3Input = {
      S3Uri: `s3://${BUCKET}/in/`,
      LocalPath: FIFO.replace(/_0$/, ""),
      S3DataType: "S3Prefix",
      S3InputMode: "Pipe",
    } as const;
    await sagemaker.send(
      new CreateProcessingJobCommand({
        ...shellJob("reader", { script: READER, bucket: BUCKET }),
        ProcessingInputs: [{ InputName: "numbers", S3Input }],
      }),
    );
    await pause(1000);
    await service.kill();
    await service.start();
    const { ProcessingJobStatus, FailureReason } = await ended(sagemaker, "reader");
    expect([ProcessingJobStatus, FailureReason]).toEqual(["Completed", undefined]);
    const sum = (await bytesOf(s3, BUCKET, "reader/sum")).toString();
    expect(sum.split(" ")[0]).toBe(hash.digest("hex"));
  } finally {
    destroy();
    await service.close();
  }
});
