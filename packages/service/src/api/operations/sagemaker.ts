import type { SageMakerOperations } from "@fieldmark/contract";
import type { JobStore } from "../../store/job-store.ts";
import type { NextTokens } from "../next-token.ts";
import { type OperationTable, operationTable } from "../operation.ts";
import { createProcessingJob } from "./create-processing-job.ts";
import { deleteProcessingJob } from "./delete-processing-job.ts";
import { describeProcessingJob } from "./describe-processing-job.ts";
import { listProcessingJobs } from "./list-processing-jobs.ts";
import { stopProcessingJob } from "./stop-processing-job.ts";
import { addTags, deleteTags, listTags } from "./tags.ts";

/** What the operations of SageMaker work on. */
export interface SageMakerContext {
  readonly jobs: JobStore;
  /** `--max-instances` */
  readonly maxInstances: number;
  readonly nextTokens: NextTokens;
  /** Called after something was recorded that the controller should look at. */
  readonly wake: () => void;
}

/** Every operation of SageMaker that is served. */
export const sageMakerOperations = (context: SageMakerContext): OperationTable =>
  operationTable<SageMakerOperations>("SageMaker", {
    CreateProcessingJob: createProcessingJob(context),
    DescribeProcessingJob: describeProcessingJob(context),
    ListProcessingJobs: listProcessingJobs(context),
    StopProcessingJob: stopProcessingJob(context),
    DeleteProcessingJob: deleteProcessingJob(context),
    AddTags: addTags(context),
    ListTags: listTags(context),
    DeleteTags: deleteTags(context),
  });
