import {
  IMAGE_DIGEST_MEMBER,
  type JobTransition,
  type SageMakerOperations,
  TRANSITIONS_MEMBER,
} from "@fieldmark/contract";
import type { OperationsOf } from "../operation.ts";
import { toEpochSeconds } from "./epoch-seconds.ts";
import { recordedRequest } from "./recorded-request.ts";
import { requestedJob } from "./requested-job.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";

/** The request as it was recorded, what became of it, and (beside AWS's members) when. */
export const describeProcessingJob =
  ({ jobs, trouble }: SageMakerContext): OperationsOf<SageMakerOperations>["DescribeProcessingJob"] =>
  async ({ ProcessingJobName }) => {
    const job = await requestedJob(jobs, ProcessingJobName);
    const transitions = await jobs.transitions(job.id);
    const waits = job.endedAt === null ? trouble() : null;
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
      ...(job.imageDigest === null ? {} : { [IMAGE_DIGEST_MEMBER]: job.imageDigest }),
      [TRANSITIONS_MEMBER]: [
        ...transitions,
        // of no record: it is so now, and may not have been asked by the job
        ...(waits === null
          ? []
          : [
              {
                at: Math.max(waits.since, job.modifiedAt),
                phase: job.phase,
                status: job.status,
                note: waits.reason,
              },
            ]),
      ].map(
        ({ at, phase, status, note }): JobTransition => ({
          Time: toEpochSeconds(at),
          Phase: phase,
          Status: status,
          Note: note,
        }),
      ),
    };
  };
