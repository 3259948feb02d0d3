import type { RunPlan } from "./run-plan.ts";

/** A plan of one instance with neither inputs nor outputs, for tests: what it is about is in `changes`. */
export function anyRunPlan(changes: Partial<RunPlan> = {}): RunPlan {
  const { jobId = "id", hosts = ["algo-1"], jobName = `job-${jobId}` } = changes;
  return {
    jobId,
    jobName,
    jobArn: `arn:aws:sagemaker:us-east-1:123456789012:processing-job/${jobName}`,
    region: "us-east-1",
    image: "test/image:1",
    entrypoint: null,
    arguments: [],
    environment: {},
    instanceType: "ml.m5.xlarge",
    hosts,
    networkIsolation: false,
    downloads: [],
    uploads: [],
    limits: { memoryBytes: 2 ** 29, cpus: 2, processes: 256, diskBytes: 2 ** 30, maxRuntimeSeconds: 60 },
    processingJobConfig: { ProcessingJobName: jobName },
    logStreams: hosts.map((host) => `${jobName}/${host}-1`),
    ...changes,
  };
}
