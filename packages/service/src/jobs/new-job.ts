import { randomBytes } from "node:crypto";

import { type CreateProcessingJobRequest, FieldmarkError } from "@fieldmark/contract";

import type { NewJob, SessionKeys } from "../store/job-store.ts";

/** A CreateProcessingJob request that was validated and had its defaults filled in. */
export type CreateRequest = CreateProcessingJobRequest & {
  readonly ProcessingResources: { readonly ClusterConfig: { readonly InstanceCount: number } };
};

export interface NewJobOptions {
  readonly region: string;
  readonly accountId: string;
  /** `--max-instances`: how many run at once. */
  readonly maxInstances: number;
  /** epoch milliseconds */
  readonly now: number;
  readonly random?: (bytes: number) => Buffer;
}

/**
 * What is recorded of a CreateProcessingJob request.
 * @throws JOB_TOO_LARGE when it asks for more instances than ever run at once
 */
export function newJob(request: CreateRequest, options: NewJobOptions): NewJob {
  const { ProcessingJobName: name, ProcessingResources, NetworkConfig } = request;
  const instanceCount = ProcessingResources.ClusterConfig.InstanceCount;
  if (instanceCount > options.maxInstances) {
    throw new FieldmarkError(
      "JOB_TOO_LARGE",
      `The service limit '--max-instances' is ${options.maxInstances} Instances, with current utilization of 0 Instances ` +
        `and a request delta of ${instanceCount} Instances.`,
      { instanceCount, maxInstances: options.maxInstances },
    );
  }
  const { Tags: tags = [], ...recorded } = request;
  return {
    name,
    arn: `arn:aws:sagemaker:${options.region}:${options.accountId}:processing-job/${name}`,
    request: recorded,
    instanceCount,
    createdAt: options.now,
    sessionKeys:
      NetworkConfig?.EnableNetworkIsolation === true ? null : newSessionKeys(options.random ?? randomBytes),
    tags,
  };
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Keys in the form that AWS's temporary ones have: ASIA and 16 letters, 40 characters, a token. */
function newSessionKeys(random: (bytes: number) => Buffer): SessionKeys {
  const bytes = random(16 + 30 + 96);
  const letters = Array.from(bytes.subarray(0, 16), (byte) => LETTERS.charAt(byte % LETTERS.length));
  return {
    accessKeyId: `ASIA${letters.join("")}`,
    secretAccessKey: bytes.subarray(16, 46).toString("base64"),
    sessionToken: bytes.subarray(46).toString("base64"),
  };
}
