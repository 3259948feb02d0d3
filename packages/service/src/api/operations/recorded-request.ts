import type { CreateProcessingJobRequest } from "@fieldmark/contract";
import type { JobRecord } from "../../store/job-store.ts";

/** The request of a job. The record keeps it as plain JSON; CreateProcessingJob validated it before. */
export const recordedRequest = ({ request }: JobRecord): Omit<CreateProcessingJobRequest, "Tags"> =>
  request as unknown as Omit<CreateProcessingJobRequest, "Tags">;
