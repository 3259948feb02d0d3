import type Docker from "dockerode";
import { isConflict, isNotFound, isUnreachable, statusOf } from "./docker-errors.ts";
import { jobNetworkName, LABELS, serviceNetworkName } from "./docker-options.ts";

/** ms that the daemon has to remove a network when the service ends */
const REMOVE_MS = 5_000;

/** A network, as far as others need to know it. */
export interface JobNetwork {
  readonly name: string;
  /** The daemon's host in this network. */
  readonly gateway: string;
}

/** Makes or finds the network of a service's jobs: instances reach the world and the gateway, not each other. */
export async function ensureServiceNetwork(docker: Docker, serviceId: string): Promise<JobNetwork> {
  const name = serviceNetworkName(serviceId);
  const found = await inspectNetwork(docker, name);
  if (found !== null) return found;
  await create(docker, {
    Name: name,
    Driver: "bridge",
    CheckDuplicate: true,
    Options: { "com.docker.network.bridge.enable_icc": "false" },
    Labels: { [LABELS.service]: serviceId },
  });
  return (await inspectNetwork(docker, name)) ?? { name, gateway: "" };
}

/** Removes it, unless something is on it, or the daemon is away: then it stays for the next start. */
export async function removeServiceNetwork(docker: Docker, serviceId: string): Promise<void> {
  try {
    const abortSignal = AbortSignal.timeout(REMOVE_MS);
    await docker.getNetwork(serviceNetworkName(serviceId)).remove({ abortSignal });
  } catch (error) {
    const isInUse = statusOf(error) === 403;
    const isLate = error instanceof Error && error.name === "AbortError";
    if (!isInUse && !isLate && !isNotFound(error) && !isUnreachable(error)) throw error;
  }
}

/**
 * Makes or finds the network of one job's instances, which reach each other by name. Isolated: nobody else, nor the
 * daemon's host, which has no address there.
 */
export async function ensureJobNetwork(
  docker: Docker,
  {
    serviceId,
    jobId,
    isolated,
  }: { readonly serviceId: string; readonly jobId: string; readonly isolated: boolean },
): Promise<string> {
  const name = jobNetworkName(jobId);
  if ((await inspectNetwork(docker, name)) !== null) return name;
  await create(docker, {
    Name: name,
    Driver: "bridge",
    CheckDuplicate: true,
    Internal: isolated,
    Options: isolated
      ? {
          "com.docker.network.bridge.inhibit_ipv4": "true",
          "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
        }
      : {},
    Labels: { [LABELS.service]: serviceId, [LABELS.job]: jobId },
  });
  return name;
}

async function create(docker: Docker, options: Docker.NetworkCreateOptions): Promise<void> {
  try {
    await docker.createNetwork(options);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

async function inspectNetwork(docker: Docker, name: string): Promise<JobNetwork | null> {
  try {
    const { IPAM } = (await docker.getNetwork(name).inspect()) as Docker.NetworkInspectInfo;
    return { name, gateway: IPAM?.Config?.[0]?.Gateway ?? "" };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
