import {
  CreateProcessingJobCommand,
  type CreateProcessingJobCommandInput,
  type ExperimentConfig,
} from "@aws-sdk/client-sagemaker";
import { answer } from "../service-failure.ts";
import { Session } from "../session.ts";
import type { TransferOptions } from "../storage/transfer-progress.ts";
import { baseNameOfImage, jobName } from "./job-name.ts";
import { type NetworkConfig, networkRequest } from "./network-config.ts";
import { inputRequests, type ProcessingInput } from "./processing-input.ts";
import { ProcessingJob } from "./processing-job.ts";
import { jobOutputs, outputRequests, type ProcessingOutput } from "./processing-output.ts";

/** What every processor is told once. */
export interface ProcessorOptions {
  /** Default: AWS, with the AWS SDK's credentials and region. */
  readonly session?: Session;
  /** ARN or name of the role that the job runs as. AWS demands it; a Fieldmark endpoint does not. */
  readonly role?: string;
  /** Default: 1 */
  readonly instanceCount?: number;
  /** Default: "ml.m5.xlarge" */
  readonly instanceType?: string;
  /** GB of each instance's volume. Default: 30 */
  readonly volumeSizeInGb?: number;
  readonly volumeKmsKey?: string;
  readonly outputKmsKey?: string;
  /** Seconds after which the job is stopped. Default: a day */
  readonly maxRuntimeInSeconds?: number;
  /** Start of the jobs' names. Default: the image's name */
  readonly baseJobName?: string;
  /** Environment variables of the job's program. */
  readonly env?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly networkConfig?: NetworkConfig;
}

/** What one run is told. */
export interface RunArgs extends TransferOptions {
  readonly inputs?: readonly ProcessingInput[];
  readonly outputs?: readonly ProcessingOutput[];
  /** Arguments of the job's program. */
  readonly arguments?: readonly string[];
  /** Default: the base name and the time */
  readonly jobName?: string;
  readonly experimentConfig?: ExperimentConfig;
}

/** A run before its code and inputs are in S3: where it goes, and under which name. */
export interface Run {
  readonly session: Session;
  readonly name: string;
  readonly imageUri: string;
}

/** The session and the name of a run. */
export function beginRun(
  { session = new Session(), baseJobName }: ProcessorOptions,
  imageUri: string,
  name?: string,
): Run {
  const base = baseJobName ?? baseNameOfImage(imageUri);
  return { session, imageUri, name: name ?? jobName(base, session.now()) };
}

/** Uploads what is local, then creates the job. */
export async function startJob(
  { session, name, imageUri }: Run,
  options: ProcessorOptions,
  args: RunArgs & { readonly entrypoint?: readonly string[] | undefined },
): Promise<ProcessingJob> {
  const { signal } = args;
  const inputs = await inputRequests(session, { inputs: args.inputs ?? [], jobName: name }, args);
  const outputs = await outputRequests(session, { outputs: args.outputs ?? [], jobName: name }, signal);
  const request: CreateProcessingJobCommandInput = {
    ProcessingJobName: name,
    ProcessingInputs: inputs.length === 0 ? undefined : inputs,
    ProcessingOutputConfig:
      outputs.length === 0 ? undefined : { Outputs: outputs, KmsKeyId: options.outputKmsKey },
    ProcessingResources: {
      ClusterConfig: {
        InstanceType: (options.instanceType ?? "ml.m5.xlarge") as "ml.m5.xlarge",
        InstanceCount: options.instanceCount ?? 1,
        VolumeSizeInGB: options.volumeSizeInGb ?? 30,
        VolumeKmsKeyId: options.volumeKmsKey,
      },
    },
    StoppingCondition:
      options.maxRuntimeInSeconds === undefined
        ? undefined
        : { MaxRuntimeInSeconds: options.maxRuntimeInSeconds },
    AppSpecification: {
      ImageUri: imageUri,
      ContainerEntrypoint: args.entrypoint === undefined ? undefined : [...args.entrypoint],
      ContainerArguments: args.arguments === undefined ? undefined : [...args.arguments],
    },
    Environment: options.env === undefined ? undefined : { ...options.env },
    NetworkConfig: options.networkConfig === undefined ? undefined : networkRequest(options.networkConfig),
    RoleArn: await session.roleArn(options.role, signal),
    Tags:
      options.tags === undefined
        ? undefined
        : Object.entries(options.tags).map(([Key, Value]) => ({ Key, Value })),
    ExperimentConfig: args.experimentConfig,
  };
  const { ProcessingJobArn: arn = "" } = await answer(
    "CreateProcessingJob",
    session.sagemaker.send(
      new CreateProcessingJobCommand(request),
      signal === undefined ? {} : { abortSignal: signal },
    ),
  );
  return new ProcessingJob(session, { name, arn, outputs: jobOutputs(outputs) });
}
