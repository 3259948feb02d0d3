import type Docker from "dockerode";
import type { Images } from "../../images/images.ts";

export interface DockerRuntimeOptions {
  readonly dataFolder: string;
  /** `DATA/logs`: programs' output goes below it. */
  readonly logsFolder: string;
  readonly docker: Docker;
  /** Where the daemon listens, for messages: `unix:///var/run/docker.sock`. */
  readonly address: string;
  readonly images: Images;
  /** The service's variables: of them jobs get settings of certificates and pip. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the runtime's own loops and its waits for the daemon; jobs run on. */
  readonly signal: AbortSignal;
  /** Told of what goes wrong in the runtime's own loops, and of the daemon's absence. */
  readonly onProblem: (error: unknown) => void;
  /** false: files go to and from containers as for a daemon on another machine, also where it is on this one. */
  readonly sharesFiles?: boolean;
}

/** On every container, network and volume that a service makes. */
export const LABELS = {
  /** id of the service's data folder */
  service: "fieldmark.service",
  job: "fieldmark.job",
  host: "fieldmark.host",
} as const;

export const jobLabels = (serviceId: string, jobId: string): Readonly<Record<string, string>> => ({
  [LABELS.service]: serviceId,
  [LABELS.job]: jobId,
});

/** `fieldmark-<jobId>-algo-1`: made once, whatever crashes. */
export const containerName = (jobId: string, host: string): string => `fieldmark-${jobId}-${host}`;

/** The network of jobs with one instance; its instances do not reach each other. */
export const serviceNetworkName = (serviceId: string): string => `fieldmark-${serviceId}`;

/** The network of the instances of one job. */
export const jobNetworkName = (jobId: string): string => `fieldmark-${jobId}`;
