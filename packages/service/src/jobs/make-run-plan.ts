import type { ProcessingInput, ProcessingOutput } from "@fieldmark/contract";

import type { JobRecord } from "../store/job-store.ts";
import { instanceSize } from "./instance-types.ts";
import type { Download, Limits, RunPlan, Upload } from "./run-plan.ts";

const GIB = 2 ** 30;
/** Of the machine's memory one instance gets at most this share, whatever its type has. */
const MEMORY_SHARE = 0.8;
/** Processes and threads of one instance. */
const PROCESSES = 4_096;
/** SageMaker's default, one day. */
const MAX_RUNTIME_SECONDS = 86_400;

/** The machine, and what the service was told. */
export interface PlanSettings {
  readonly region: string;
  /** bytes */
  readonly machineMemory: number;
  readonly machineCpus: number;
}

/** All that a runtime and transfer need to know of a job. A function of the record alone, so that it is the same after a crash. */
export function makeRunPlan(job: JobRecord, settings: PlanSettings): RunPlan {
  const { request } = job;
  const { AppSpecification: app, ProcessingInputs = [], ProcessingOutputConfig, NetworkConfig } = request;
  const hosts = Array.from({ length: job.instanceCount }, (_, i) => `algo-${i + 1}`);
  return {
    jobId: job.id,
    jobName: job.name,
    jobArn: job.arn,
    region: settings.region,
    image: app.ImageUri,
    entrypoint: app.ContainerEntrypoint ?? null,
    arguments: app.ContainerArguments ?? [],
    environment: request.Environment ?? {},
    instanceType: request.ProcessingResources.ClusterConfig.InstanceType ?? "",
    hosts,
    networkIsolation: NetworkConfig?.EnableNetworkIsolation ?? false,
    downloads: ProcessingInputs.flatMap(toDownload),
    uploads: (ProcessingOutputConfig?.Outputs ?? []).flatMap(toUpload),
    limits: limits(job, settings),
    processingJobConfig: { ProcessingJobArn: job.arn, ...request },
    logStreams: hosts.map((host) => `${job.name}/${host}-${job.createdAt}`),
  };
}

/** An instance type is no reservation: the machine's own size bounds it. */
function limits({ request }: JobRecord, { machineMemory, machineCpus }: PlanSettings): Limits {
  const { InstanceType = "", VolumeSizeInGB } = request.ProcessingResources.ClusterConfig;
  const size = instanceSize(InstanceType);
  const share = Math.floor(machineMemory * MEMORY_SHARE);
  return {
    memoryBytes: size === null ? share : Math.min(size.memoryGiB * GIB, share),
    cpus: size === null ? machineCpus : Math.min(size.vcpus, machineCpus),
    processes: PROCESSES,
    diskBytes: VolumeSizeInGB * GIB,
    maxRuntimeSeconds: request.StoppingCondition?.MaxRuntimeInSeconds ?? MAX_RUNTIME_SECONDS,
  };
}

/** Inputs that the program manages itself (AppManaged) are not downloaded. */
function toDownload({ InputName, AppManaged, S3Input }: ProcessingInput): readonly Download[] {
  if (AppManaged === true || S3Input?.LocalPath === undefined) return [];
  return [
    {
      inputName: InputName,
      s3Uri: S3Input.S3Uri,
      localPath: S3Input.LocalPath,
      s3DataType: S3Input.S3DataType,
      s3InputMode: S3Input.S3InputMode ?? "File",
      s3DataDistributionType: S3Input.S3DataDistributionType ?? "FullyReplicated",
      s3CompressionType: S3Input.S3CompressionType ?? "None",
    },
  ];
}

function toUpload({ OutputName, AppManaged, S3Output }: ProcessingOutput): readonly Upload[] {
  if (AppManaged === true || S3Output?.LocalPath === undefined) return [];
  const { S3Uri: s3Uri, LocalPath: localPath, S3UploadMode: s3UploadMode } = S3Output;
  return [{ outputName: OutputName, s3Uri, localPath, s3UploadMode }];
}
