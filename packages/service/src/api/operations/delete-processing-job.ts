import type { SageMakerOperations } from "@fieldmark/contract";
import { NOTHING, type OperationsOf } from "../operation.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";

/** Removes the record of a finished job, so that its name is free. Its log and its outputs stay. */
export const deleteProcessingJob =
  ({ jobs }: SageMakerContext): OperationsOf<SageMakerOperations>["DeleteProcessingJob"] =>
  async ({ ProcessingJobName }) => {
    await jobs.delete(ProcessingJobName);
    return NOTHING;
  };
