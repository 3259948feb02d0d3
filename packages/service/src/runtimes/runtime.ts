import type { RunPlan } from "../jobs/run-plan.ts";

/** What is true of one instance now. */
export type InstanceState =
  /** Nothing of it was ever started. */
  | { readonly kind: "absent" }
  | { readonly kind: "running"; readonly startedAt: number }
  /** Its program ended; a signal counts as 128 + n. `outOfMemory`, `outOfDisk`: it was killed at that limit. Times are epoch milliseconds. */
  | {
      readonly kind: "exited";
      readonly exitCode: number;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly outOfMemory?: boolean;
      readonly outOfDisk?: boolean;
    }
  /** It was started, is gone, and left no record of its end (a reboot, its supervisor killed). */
  | { readonly kind: "disappeared" };

/** Keys and address that an instance's program gets, as an AWS role would give them; null for isolated jobs. */
export interface JobAccess {
  /** e.g. http://127.0.0.1:4599, as the instance reaches it */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Folders of one instance on this machine. */
export interface InstanceFolder {
  readonly host: string;
  /** Becomes /opt/ml of the instance. Transfer fills it before `start` and reads it after the end. */
  readonly ml: string;
  /** A folder on the same file system, never visible to the program: transfer's own (what feeds Pipe inputs). May not exist yet. */
  readonly transfer: string;
  /** Whom the folders that transfer makes below `ml` belong to; null: the service's own user. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /**
   * Paths of the instance (`/opt/ml/…`) below which inputs must be copies: there nothing keeps the program from writing
   * through a link into the store. [] where links are safe everywhere, ["/opt/ml"] where nowhere.
   */
  readonly copyBelow: readonly string[];
}

/** What became of `prepare`. */
export interface Prepared {
  /** What the image is (`repository@sha256:…`, or its id), for the job's record; null where no image is used. */
  readonly imageDigest: string | null;
}

/**
 * Where instances run. Level-triggered: `observe` says what is, not what happened, and finds the instances again after
 * the service was killed. Every method may be called again after a crash at any point, with the same plan. Each runtime
 * passes `runtimeContract`.
 */
export interface Runtime {
  readonly name: "process" | "docker" | "kubernetes" | "fake";

  /**
   * Makes ready what the job's image stands for (an environment, an image). May take minutes the first time.
   * @throws IMAGE_UNKNOWN with the command that adds it; IMAGE_FAILED with the reason
   */
  prepare(
    plan: RunPlan,
    options: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ): Promise<Prepared>;

  /** Makes the instances' folders, or finds them: /opt/ml with config/, output/, processing/. Empties what an interrupted call left, unless the instance was started. */
  folders(plan: RunPlan): Promise<readonly InstanceFolder[]>;

  /**
   * Called when inputs are in place. Starts all instances, each at most once whatever crashes in between; returns when
   * they are started, not when they end.
   * @throws RUNTIME_REFUSED when this machine cannot run the job as it asks (isolation without namespaces …)
   */
  start(plan: RunPlan, access: JobAccess | null): Promise<void>;

  /** One state a host, in the order of `plan.hosts`. */
  observe(plan: RunPlan): Promise<readonly InstanceState[]>;

  /** Calls `onChange` soon after `observe` would answer something else; a hint that may be late or spurious, never the truth. */
  watch(plan: RunPlan, onChange: () => void): Disposable;

  /** Sends the signal to the programs of all instances that run; SIGKILL ends everything they started. */
  signal(plan: RunPlan, signal: "SIGTERM" | "SIGKILL"): Promise<void>;

  /** Removes everything of the job from this machine but its logs; ends what still runs. Nothing left to remove is no error. */
  remove(plan: RunPlan): Promise<void>;

  /** Removes what belongs to no job of these ids (a crash between removal and record). */
  sweep(jobIds: ReadonlySet<string>): Promise<void>;
}
