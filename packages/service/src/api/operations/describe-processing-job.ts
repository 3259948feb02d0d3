import type { SageMakerOperations } from "@fieldmark/contract";
import type { OperationsOf } from "../operation.ts";
import { toEpochSeconds } from "./epoch-seconds.ts";
import { recordedRequest } from "./recorded-request.ts";
import { requestedJob } from "./requested-job.ts";
import type { SageMakerContext } from "./sagemaker.ts";

/** The request as it was recorded, and what became of it. */
export const describeProcessingJob =
  ({ jobs }: SageMakerContext): OperationsOf<SageMakerOperations>["DescribeProcessingJob"] =>
  async ({ ProcessingJobName }) => {
    const job = await requestedJob(jobs, ProcessingJobName);
    return {
      ...recordedRequest(job),
      ProcessingJobArn: job.arn,
      ProcessingJobStatus: job.status,
      ...(job.exitMessage === null ? {} : { ExitMessage: job.exitMessage }),
      ...(job.failureReason === null ? {} : { FailureReason: job.failureReason }),
      ...(job.endedAt === null ? {} : { ProcessingEndTime: toEpochSeconds(job.endedAt) }),
      ...(job.startedAt === null ? {} : { ProcessingStartTime: toEpochSeconds(job.startedAt) }),
      LastModifiedTime: toEpochSeconds(job.modifiedAt),
      CreationTime: toEpochSeconds(job.createdAt),
    };
  };
