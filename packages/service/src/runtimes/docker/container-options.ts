import type Docker from "dockerode";
import { instanceSize } from "../../jobs/instance-types.ts";
import type { Limits, RunPlan } from "../../jobs/run-plan.ts";
import type { JobAccess } from "../runtime.ts";
import { logConfig } from "./container-logs.ts";
import type { DaemonTraits } from "./daemon-traits.ts";

/** Of the memory of the daemon's machine one instance gets at most this share, as the plan's limits do of this one's. */
const MEMORY_SHARE = 0.8;
const GIB = 2 ** 30;
/** Families of instance types that have GPUs. */
const GPU_TYPE = /^ml\.[gp]\d/;
/** What no program of a job needs, and what would let it pose as another instance or make device files in outputs. */
const DROPPED = ["NET_RAW", "MKNOD"];

export interface ContainerToMake {
  readonly plan: RunPlan;
  readonly host: string;
  readonly access: JobAccess | null;
  /** Variables of `containerSettings`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Id of the image. */
  readonly image: string;
  /** null: none at all */
  readonly network: string | null;
  readonly mounts: readonly Docker.MountSettings[];
  readonly labels: Readonly<Record<string, string>>;
  readonly traits: DaemonTraits;
}

/** One instance as Docker is asked for it. */
export function containerOptions(container: ContainerToMake): Docker.ContainerCreateOptions {
  const { plan, host, access, settings, image, network, mounts, labels, traits } = container;
  const { memoryBytes, cpus, processes } = limitsAt(plan.limits, traits);
  return {
    Image: image,
    Hostname: host,
    Labels: { ...labels },
    Env: Object.entries(containerEnvironment(plan, { access, settings })).map(
      ([name, value]) => `${name}=${value}`,
    ),
    // what the request does not name stays the image's own
    ...(plan.entrypoint === null ? {} : { Entrypoint: [...plan.entrypoint] }),
    ...(plan.entrypoint === null && plan.arguments.length === 0 ? {} : { Cmd: [...plan.arguments] }),
    HostConfig: {
      Mounts: [...mounts],
      NetworkMode: network ?? "none",
      // without a network nothing else gives the instance its own name
      ...(network === null ? { ExtraHosts: [`${host}:127.0.0.1`] } : {}),
      // an isolated job's lookups go nowhere: some daemons pass those of internal networks on
      ...(plan.networkIsolation ? { Dns: ["127.0.0.1"] } : {}),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: Math.floor(cpus * 1e9),
      PidsLimit: processes,
      ShmSize: Math.floor(memoryBytes / 2),
      Init: false,
      CapDrop: DROPPED,
      LogConfig: logConfig(traits.logDrivers),
      ...(wantsGpus(plan) && traits.hasGpus
        ? { DeviceRequests: [{ Driver: "nvidia", Count: -1, Capabilities: [["gpu"]] }] }
        : {}),
    },
    ...(network !== null && plan.hosts.length > 1
      ? { NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [host] } } } }
      : {}),
  };
}

/**
 * Variables beside the image's own; the request's win. Keys are given as variables, where every AWS client looks first; a
 * request that brings its own gets none of ours, for they come in threes.
 */
export function containerEnvironment(
  plan: RunPlan,
  {
    access,
    settings,
  }: { readonly access: JobAccess | null; readonly settings: Readonly<Record<string, string>> },
): Readonly<Record<string, string>> {
  const bringsKeys = Object.hasOwn(plan.environment, "AWS_ACCESS_KEY_ID");
  return {
    AWS_REGION: plan.region,
    AWS_DEFAULT_REGION: plan.region,
    PROCESSING_JOB_ARN: plan.jobArn,
    PYTHONUNBUFFERED: "1",
    ...settings,
    ...(access === null ? {} : { AWS_ENDPOINT_URL: access.endpoint }),
    ...(access === null || bringsKeys
      ? {}
      : {
          AWS_ACCESS_KEY_ID: access.accessKeyId,
          AWS_SECRET_ACCESS_KEY: access.secretAccessKey,
          AWS_SESSION_TOKEN: access.sessionToken,
        }),
    ...plan.environment,
  };
}

/** What of the instance type the daemon's machine has. */
function limitsAt(limits: Limits, { cpus, memory }: DaemonTraits): Limits {
  return {
    ...limits,
    cpus: Math.min(limits.cpus, cpus),
    memoryBytes: Math.min(limits.memoryBytes, Math.floor(memory * MEMORY_SHARE)),
  };
}

/** What of its instance type a job does not get, for its user to know; null where it gets all. */
export function shortfall(plan: RunPlan, traits: DaemonTraits): string | null {
  const size = instanceSize(plan.instanceType);
  if (size === null) return null;
  const { cpus, memoryBytes } = limitsAt(plan.limits, traits);
  const missing = [
    ...(cpus < size.vcpus ? [`${cpus} of ${size.vcpus} vCPUs`] : []),
    ...(memoryBytes < size.memoryGiB * GIB
      ? [`${(memoryBytes / GIB).toFixed(1)} of ${size.memoryGiB} GiB`]
      : []),
    ...(wantsGpus(plan) && !traits.hasGpus ? ["no GPU: the daemon has no nvidia runtime"] : []),
  ];
  return missing.length === 0 ? null : `of ${plan.instanceType} this machine gives ${missing.join(", ")}`;
}

const wantsGpus = ({ instanceType }: RunPlan): boolean => GPU_TYPE.test(instanceType);
