import type { CreateProcessingJobRequest, ProcessingInput, ProcessingOutput } from "@fieldmark/contract";

/** One day, as documented. */
const MAX_RUNTIME_SECONDS = 86_400;

/** A request that says how many instances it needs. */
type CompleteRequest = CreateProcessingJobRequest & {
  readonly ProcessingResources: { readonly ClusterConfig: { readonly InstanceCount: number } };
};

/**
 * The request with what SageMaker fills in where a member is left out; DescribeProcessingJob answers it, and the job's
 * own processingjobconfig.json holds it. Of InstancePreferences the first is what would be tried first: it is taken.
 */
export function withDefaults(request: CreateProcessingJobRequest): CompleteRequest {
  const { ProcessingInputs, ProcessingOutputConfig, ProcessingResources, NetworkConfig } = request;
  const { ClusterConfig } = ProcessingResources;
  const preferred = ClusterConfig.InstancePreferences?.[0];
  const instanceType = ClusterConfig.InstanceType ?? preferred?.InstanceType;
  const instanceCount = ClusterConfig.InstanceCount ?? preferred?.InstanceCount ?? 1;
  return {
    ...request,
    ...(ProcessingInputs === undefined ? {} : { ProcessingInputs: ProcessingInputs.map(inputWithDefaults) }),
    ...(ProcessingOutputConfig === undefined
      ? {}
      : {
          ProcessingOutputConfig: {
            ...ProcessingOutputConfig,
            Outputs: ProcessingOutputConfig.Outputs.map(outputWithDefaults),
          },
        }),
    ProcessingResources: {
      ...ProcessingResources,
      ClusterConfig: {
        ...ClusterConfig,
        InstanceCount: instanceCount,
        ...(instanceType === undefined ? {} : { InstanceType: instanceType }),
        ...(preferred === undefined || instanceType === undefined
          ? {}
          : { SelectedInstanceType: instanceType, SelectedInstanceCount: instanceCount }),
      },
    },
    StoppingCondition: request.StoppingCondition ?? { MaxRuntimeInSeconds: MAX_RUNTIME_SECONDS },
    ...(NetworkConfig === undefined
      ? {}
      : {
          NetworkConfig: {
            EnableInterContainerTrafficEncryption: false,
            EnableNetworkIsolation: false,
            ...NetworkConfig,
          },
        }),
  };
}

const inputWithDefaults = (input: ProcessingInput): ProcessingInput => ({
  AppManaged: false,
  ...input,
  ...(input.S3Input === undefined
    ? {}
    : {
        S3Input: {
          S3InputMode: "File",
          S3DataDistributionType: "FullyReplicated",
          S3CompressionType: "None",
          ...input.S3Input,
        },
      }),
});

const outputWithDefaults = (output: ProcessingOutput): ProcessingOutput => ({ AppManaged: false, ...output });
