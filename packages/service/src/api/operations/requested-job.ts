import { FieldmarkError } from "@fieldmark/contract";
import type { JobRecord, JobStore } from "../../store/job-store.ts";

/** @throws JOB_NOT_FOUND */
export async function requestedJob(jobs: JobStore, name: string): Promise<JobRecord> {
  const job = await jobs.get(name);
  if (job !== null) return job;
  throw new FieldmarkError("JOB_NOT_FOUND", `Could not find requested job with name: ${name}`, { name });
}
