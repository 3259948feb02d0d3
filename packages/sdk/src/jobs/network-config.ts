import type { NetworkConfig as NetworkRequest } from "@aws-sdk/client-sagemaker";

/** What a job may reach. */
export interface NetworkConfig {
  /** No network at all in the job. Default: false */
  readonly enableNetworkIsolation?: boolean;
  readonly securityGroupIds?: readonly string[];
  readonly subnets?: readonly string[];
  readonly encryptInterContainerTraffic?: boolean;
}

export function networkRequest(config: NetworkConfig): NetworkRequest {
  const { enableNetworkIsolation = false, encryptInterContainerTraffic, securityGroupIds, subnets } = config;
  const vpc = securityGroupIds !== undefined || subnets !== undefined;
  return {
    EnableNetworkIsolation: enableNetworkIsolation,
    EnableInterContainerTrafficEncryption: encryptInterContainerTraffic,
    VpcConfig: vpc
      ? { SecurityGroupIds: [...(securityGroupIds ?? [])], Subnets: [...(subnets ?? [])] }
      : undefined,
  };
}
