import type { SageMakerOperations } from "@fieldmark/contract";
import { newJob } from "../../jobs/new-job.ts";
import type { OperationsOf } from "../operation.ts";
import { withDefaults } from "./processing-defaults.ts";
import { checkProcessingRules } from "./processing-rules.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";
import { checkTags } from "./tag-rules.ts";

/** Records a job; it is durable when the answer is sent, and the controller takes it from there. */
export const createProcessingJob =
  ({
    jobs,
    maxInstances,
    wake,
  }: SageMakerContext): OperationsOf<SageMakerOperations>["CreateProcessingJob"] =>
  async (input, { region, accountId, now }) => {
    const request = withDefaults(input);
    checkProcessingRules(request);
    checkTags(request.Tags ?? []);
    const job = await jobs.insert(newJob(request, { region, accountId, maxInstances, now: now.getTime() }));
    wake();
    return { ProcessingJobArn: job.arn };
  };
