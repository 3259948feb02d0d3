import { join } from "node:path";

/** Where things of a job are on this machine; names only. */
export interface JobFiles {
  /** `DATA/jobs/<jobId>` */
  readonly folder: string;
  /** Number among the live jobs: its user id and its addresses come from it. */
  readonly slot: string;
  /** Made exclusively by the supervisor before anything of the job runs: its pid, its start time, the boot. */
  readonly started: string;
  readonly supervisor: string;
  /** Prefix of the environment that the job uses: it is not removed meanwhile. */
  readonly environment: string;
  /** Control groups of its instances, one a line. */
  readonly groups: string;
  /** There when the job was killed for the bytes that it wrote. */
  readonly outOfDisk: string;
}

export interface InstanceFiles {
  readonly folder: string;
  /** Blank until the program's end, then its exit code: space for it is taken at the start, so that a full disk cannot lose it. */
  readonly exit: string;
  /** Which process looks after the instance. */
  readonly mark: string;
  readonly ml: string;
  readonly transfer: string;
  readonly tmp: string;
  readonly home: string;
  /** Where the program starts; in its home. */
  readonly work: string;
  /** Shown read-only at /run/fieldmark: the program's script and its credentials. */
  readonly run: string;
  /** Without namespaces: the id of the program's process. */
  readonly pid: string;
  readonly etc: string;
  readonly python: string;
  /** A FIFO: what the program prints. */
  readonly out: string;
}

export const jobsFolder = (dataFolder: string): string => join(dataFolder, "jobs");

export function jobFiles(dataFolder: string, jobId: string): JobFiles {
  const folder = join(jobsFolder(dataFolder), jobId);
  return {
    folder,
    slot: join(folder, "slot"),
    started: join(folder, "started"),
    supervisor: join(folder, "supervise"),
    environment: join(folder, "environment"),
    groups: join(folder, "groups"),
    outOfDisk: join(folder, "out-of-disk"),
  };
}

export function instanceFiles(job: JobFiles, host: string): InstanceFiles {
  const folder = join(job.folder, host);
  const at = (name: string) => join(folder, name);
  return {
    folder,
    exit: join(job.folder, `exit.${host}`),
    mark: join(job.folder, `mark.${host}`),
    ml: at("ml"),
    transfer: at("transfer"),
    tmp: at("tmp"),
    home: at("home"),
    work: join(at("home"), "work"),
    run: at("run"),
    pid: join(at("run"), "pid"),
    etc: at("etc"),
    python: at("python"),
    out: at("out"),
  };
}
