import {
  ListProcessingJobsCommand,
  type ProcessingJobStatus,
  type ProcessingJobSummary,
} from "@aws-sdk/client-sagemaker";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";

export interface ListJobsOptions {
  readonly status?: ProcessingJobStatus | undefined;
  readonly nameContains?: string | undefined;
  /** At most so many; all of them when left out. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 100;

/**
 * The jobs, newest first, asked for page by page as they are read.
 *
 * @example
 * ```ts
 * import { listJobs, Session } from "@fieldmark/sdk";
 *
 * async function failures(): Promise<void> {
 *   using session = new Session({ endpoint: "http://127.0.0.1:4599" });
 *   for await (const { ProcessingJobName } of listJobs(session, { status: "Failed", limit: 10 }))
 *     process.stdout.write(`${ProcessingJobName}\n`);
 * }
 * ```
 */
export async function* listJobs(
  session: Session,
  { status, nameContains, limit = Number.POSITIVE_INFINITY, signal }: ListJobsOptions = {},
): AsyncGenerator<ProcessingJobSummary> {
  let left = limit;
  let nextToken: string | undefined;
  do {
    const page = await answer(
      "ListProcessingJobs",
      session.sagemaker.send(
        new ListProcessingJobsCommand({
          StatusEquals: status,
          NameContains: nameContains,
          SortBy: "CreationTime",
          SortOrder: "Descending",
          MaxResults: Math.min(PAGE, left),
          NextToken: nextToken,
        }),
        signal === undefined ? {} : { abortSignal: signal },
      ),
    );
    const jobs = page.ProcessingJobSummaries ?? [];
    yield* jobs.slice(0, left);
    left -= jobs.length;
    nextToken = page.NextToken;
  } while (nextToken !== undefined && left > 0);
}
