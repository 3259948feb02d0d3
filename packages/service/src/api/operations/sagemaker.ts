import type { SageMakerOperations } from "@fieldmark/contract";
import { type OperationTable, operationTable } from "../operation.ts";
import { createProcessingJob } from "./create-processing-job.ts";
import { deleteProcessingJob } from "./delete-processing-job.ts";
import { describeProcessingJob } from "./describe-processing-job.ts";
import { listProcessingJobs } from "./list-processing-jobs.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";
import { stopProcessingJob } from "./stop-processing-job.ts";
import { addTags, deleteTags, listTags } from "./tags.ts";

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
