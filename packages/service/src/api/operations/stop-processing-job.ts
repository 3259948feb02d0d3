import type { SageMakerOperations } from "@fieldmark/contract";
import { NOTHING, type OperationsOf } from "../operation.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";

/** Asks a job to stop; the controller does it. One that is stopping or finished is left as it is. */
export const stopProcessingJob =
  ({ jobs, wake }: SageMakerContext): OperationsOf<SageMakerOperations>["StopProcessingJob"] =>
  async ({ ProcessingJobName }, { now }) => {
    await jobs.requestStop(ProcessingJobName, now.getTime());
    wake();
    return NOTHING;
  };
