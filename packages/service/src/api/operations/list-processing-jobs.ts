import type { SageMakerOperations } from "@fieldmark/contract";
import type { JobQuery, JobSummary } from "../../store/job-store.ts";
import type { OperationsOf } from "../operation.ts";
import { fromEpochSeconds, toEpochSeconds } from "./epoch-seconds.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";

type Operation = OperationsOf<SageMakerOperations>["ListProcessingJobs"];
type Input = Parameters<Operation>[0];
type Summary = Awaited<ReturnType<Operation>>["ProcessingJobSummaries"][number];

/** Rows of a page where the request does not say. */
const DEFAULT_RESULTS = 10;

/** A page of jobs. Its NextToken belongs to the filters and the order, and is good while jobs are added. */
export const listProcessingJobs =
  ({ jobs, nextTokens }: SageMakerContext): Operation =>
  async (input) => {
    const query = queryOf(input);
    const after = input.NextToken === undefined ? undefined : nextTokens.open(query, input.NextToken);
    const page = await jobs.list({ ...query, limit: input.MaxResults ?? DEFAULT_RESULTS, after });
    return {
      ProcessingJobSummaries: page.jobs.map(summaryOf),
      ...(page.next === null ? {} : { NextToken: nextTokens.seal(query, page.next) }),
    };
  };

/** AWS's pages name CreationTime as the order's default and leave its direction open: Ascending. */
function queryOf(input: Input): Omit<JobQuery, "limit" | "after"> {
  const time = (seconds: number | undefined) =>
    seconds === undefined ? undefined : fromEpochSeconds(seconds);
  return {
    sortBy: input.SortBy ?? "CreationTime",
    sortOrder: input.SortOrder ?? "Ascending",
    status: input.StatusEquals,
    nameContains: input.NameContains,
    createdAfter: time(input.CreationTimeAfter),
    createdBefore: time(input.CreationTimeBefore),
    modifiedAfter: time(input.LastModifiedTimeAfter),
    modifiedBefore: time(input.LastModifiedTimeBefore),
  };
}

const summaryOf = (job: JobSummary): Summary => ({
  ProcessingJobName: job.name,
  ProcessingJobArn: job.arn,
  CreationTime: toEpochSeconds(job.createdAt),
  ...(job.endedAt === null ? {} : { ProcessingEndTime: toEpochSeconds(job.endedAt) }),
  LastModifiedTime: toEpochSeconds(job.modifiedAt),
  ProcessingJobStatus: job.status,
  ...(job.failureReason === null ? {} : { FailureReason: job.failureReason }),
  ...(job.exitMessage === null ? {} : { ExitMessage: job.exitMessage }),
});
