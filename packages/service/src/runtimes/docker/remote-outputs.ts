import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type Docker from "dockerode";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { receiveChanges, receiveFolder } from "./archive/receive-folder.ts";
import type { Daemon } from "./daemon.ts";
import { exists, type InstanceFiles } from "./job-folder.ts";
import { ML } from "./mounts.ts";

/** Files of one output; more is an attack on this machine's disk. */
const MAX_FILES = 1_000_000;
/** ms between looks for what a running program left in Continuous outputs */
const LOOK_MS = 5_000;

/** Where an instance's container is, and where what it leaves goes. */
export interface RemoteInstance {
  readonly plan: RunPlan;
  readonly files: InstanceFiles;
  /** Its container's name or id. */
  readonly container: string;
}

/** Brings what programs leave in containers of a daemon that shares no files with this machine; one transfer of a container at a time. */
export class RemoteOutputs {
  readonly #daemon: Daemon;
  readonly #signal: AbortSignal;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(daemon: Daemon, signal: AbortSignal) {
    this.#daemon = daemon;
    this.#signal = signal;
  }

  /** All outputs, when the program has ended; once. */
  async collect(instance: RemoteInstance): Promise<void> {
    const { plan, files, container } = instance;
    await this.#inTurn(files.folder, async () => {
      if (await exists(files.collected)) return;
      for (const path of outermost([`${ML}/output`, ...plan.uploads.map(({ localPath }) => localPath)])) {
        const options = this.#options(instance, path, this.#signal);
        await this.#daemon.ask(async (docker) => await receiveFolder(docker, container, options));
      }
      await writeFile(files.collected, "");
    });
  }

  /** What is new in Continuous outputs, now and then, until it is disposed. */
  watch(instance: RemoteInstance, onProblem: (error: unknown) => void): Disposable {
    const ending = new AbortController();
    const continuous = instance.plan.uploads.filter(({ s3UploadMode }) => s3UploadMode === "Continuous");
    const signal = AbortSignal.any([this.#signal, ending.signal]);
    const look = async () => {
      if (await exists(instance.files.collected)) return;
      const found = await this.#daemon.ask(
        async (docker) => await docker.getContainer(instance.container).inspect(),
        { signal },
      );
      if (!isRemote(found)) return;
      for (const path of outermost(continuous.map(({ localPath }) => localPath))) {
        const options = this.#options(instance, path, signal);
        await this.#daemon.ask(async (docker) => await receiveChanges(docker, instance.container, options), {
          signal,
        });
      }
    };
    const timer = setInterval(() => {
      this.#inTurn(instance.files.folder, look).catch((error: unknown) => {
        if (!signal.aborted) onProblem(error);
      });
    }, LOOK_MS);
    timer.unref();
    if (continuous.length === 0) clearInterval(timer);
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        ending.abort(new Error("the program has ended"));
      },
    };
  }

  async #inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => {
      // told to whose turn it was
    });
    this.#turns.set(key, settled);
    try {
      await turn;
    } finally {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    }
  }

  #options({ plan, files }: RemoteInstance, path: string, signal: AbortSignal) {
    return {
      path,
      folder: join(files.ml, relative(ML, path)),
      scratch: join(files.folder, "scratch"),
      bounds: { bytes: plan.limits.diskBytes, entries: MAX_FILES },
      signal,
    };
  }
}

/** Its /opt/ml is a volume at the daemon. */
export const isRemote = ({ Mounts }: Docker.ContainerInspectInfo): boolean =>
  Mounts.some(({ Type, Destination }) => Type === "volume" && Destination === ML);

/** Each folder that lies in no other. */
function outermost(paths: readonly string[]): string[] {
  const trimmed = [...new Set(paths.map((path) => path.replace(/\/+$/, "")))];
  return trimmed.filter((path) => !trimmed.some((other) => path.startsWith(`${other}/`)));
}
