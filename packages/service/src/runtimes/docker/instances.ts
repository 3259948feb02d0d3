import type Docker from "dockerode";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import type { InstanceState, JobAccess } from "../runtime.ts";
import { sendFolder } from "./archive/send-folder.ts";
import { containerOptions } from "./container-options.ts";
import { type ContainerSettings, hasFiles, settingsMounts, stageSettings } from "./container-settings.ts";
import type { Daemon } from "./daemon.ts";
import { type DaemonTraits, isShared } from "./daemon-traits.ts";
import { isConflict, isNotFound, isNotModified } from "./docker-errors.ts";
import { containerName, jobLabels, LABELS } from "./docker-options.ts";
import type { Followers } from "./followers.ts";
import { instanceFiles, type JobFolder, type JobImage, jobFolder, openFolders } from "./job-folder.ts";
import { boundMounts, ML, openOutputs, sentMounts } from "./mounts.ts";
import { isRemote, type RemoteOutputs } from "./remote-outputs.ts";

export interface InstancesOptions {
  readonly dataFolder: string;
  readonly logsFolder: string;
  readonly serviceId: string;
  readonly daemon: Daemon;
  readonly followers: Followers;
  readonly remote: RemoteOutputs;
  /** Ends transfers to and from containers. */
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/** The containers of jobs, one an instance, found by their names. */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #daemon: Daemon;
  readonly #followers: Followers;
  readonly #remote: RemoteOutputs;

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.#daemon = options.daemon;
    this.#followers = options.followers;
    this.#remote = options.remote;
  }

  /** Makes its container, which is not started yet, with all that its program will find. */
  async create(
    plan: RunPlan,
    {
      host,
      access,
      settings,
      image,
      network,
      traits,
    }: {
      readonly host: string;
      readonly access: JobAccess | null;
      /** null: none, of an isolated job */
      readonly settings: ContainerSettings | null;
      readonly image: JobImage;
      readonly network: string | null;
      readonly traits: DaemonTraits;
    },
  ): Promise<void> {
    const files = instanceFiles(this.#job(plan.jobId), host);
    const name = containerName(plan.jobId, host);
    const labels = { ...jobLabels(this.#options.serviceId, plan.jobId), [LABELS.host]: host };
    await openOutputs(plan, files);
    if (image.hasUser) await openFolders(files.ml);
    const shown = settings !== null && hasFiles(settings) ? settings : null;
    const [mounts] = await Promise.all([
      isShared(traits)
        ? boundMounts(plan, { files, volume: name, labels })
        : sentMounts(plan, { files, volume: name, labels, binds: traits.binds }),
      shown === null ? null : stageSettings(shown, files.settings),
    ]);
    const options = containerOptions({
      plan,
      host,
      access,
      settings: settings?.variables ?? {},
      image: image.id,
      network,
      mounts: shown !== null && traits.binds ? [...mounts, ...settingsMounts(shown, files.settings)] : mounts,
      labels,
      traits,
    });
    await this.#daemon.ask(async (docker) => {
      try {
        await docker.createContainer({ name, ...options });
      } catch (error) {
        if (!isConflict(error)) throw error;
        // of a start that was broken off before anything ran: its folders were emptied since
        await docker.getContainer(name).remove({ force: true, v: true });
        await docker.createContainer({ name, ...options });
      }
    });
    const { signal } = this.#options;
    const send = async (folder: string, path: string) =>
      await this.#daemon.ask(async (docker) => await sendFolder(docker, name, { folder, path, signal }));
    if (shown !== null && !traits.binds) await send(files.settings, "/");
    if (!isShared(traits)) await send(files.ml, ML);
  }

  /** A container that ever ran is left as it is, also where the daemon's answer to its start was lost. */
  async startOnce(
    plan: RunPlan,
    { host, isNew }: { readonly host: string; readonly isNew: boolean },
  ): Promise<void> {
    let mayHaveRun = !isNew;
    await this.#daemon.ask(async (docker) => {
      const container = docker.getContainer(containerName(plan.jobId, host));
      if (mayHaveRun) {
        const found = await inspect(container);
        if (found === null || hasStarted(found)) return;
      }
      mayHaveRun = true;
      await container.start().catch((error: unknown) => {
        if (!isNotModified(error)) throw error;
      });
    });
  }

  async observe(
    plan: RunPlan,
    {
      host,
      index,
      outOfDisk,
    }: { readonly host: string; readonly index: number; readonly outOfDisk: boolean },
  ): Promise<InstanceState> {
    const found = await this.#daemon.ask(
      async (docker) => await inspect(docker.getContainer(containerName(plan.jobId, host))),
    );
    if (found === null || found.State.Dead || found.State.Status === "removing")
      return { kind: "disappeared" };
    if (!hasStarted(found)) return { kind: "absent" };
    const files = instanceFiles(this.#job(plan.jobId), host);
    const isWhole = this.#followers.follow({
      id: found.Id,
      jobId: plan.jobId,
      log: logFile(this.#options.logsFolder, plan.logStreams[index] ?? `${plan.jobName}/${host}`),
      logPosition: files.logPosition,
      collect: async () => {
        if (isRemote(found)) await this.#remote.collect({ plan, files, container: found.Id });
      },
    });
    const { Running, Paused, Restarting, StartedAt, FinishedAt, ExitCode, OOMKilled } = found.State;
    const startedAt = Date.parse(StartedAt);
    if (Running || Paused || Restarting || !isWhole) return { kind: "running", startedAt };
    return {
      kind: "exited",
      exitCode: ExitCode,
      startedAt,
      // of a program that ends at once dockerd may learn sooner than it notes the start
      endedAt: Math.max(startedAt, Date.parse(FinishedAt)),
      ...(OOMKilled ? { outOfMemory: true } : {}),
      ...(outOfDisk ? { outOfDisk: true } : {}),
    };
  }

  async signal(jobId: string, hosts: readonly string[], signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await Promise.all(
      hosts.map(
        async (host) =>
          await this.#daemon.ask(async (docker) => {
            try {
              await docker.getContainer(containerName(jobId, host)).kill({ signal });
            } catch (error) {
              // it is gone, or does not run
              if (!isNotFound(error) && !isConflict(error)) throw error;
            }
          }),
      ),
    );
  }

  /** Brings what Continuous outputs hold here while programs run, where their containers share no files with us. */
  watchOutputs(plan: RunPlan): Disposable[] {
    const job = this.#job(plan.jobId);
    return plan.hosts.map((host) =>
      this.#remote.watch(
        { plan, files: instanceFiles(job, host), container: containerName(plan.jobId, host) },
        this.#options.onProblem,
      ),
    );
  }

  #job(jobId: string): JobFolder {
    return jobFolder(this.#options.dataFolder, jobId);
  }
}

async function inspect(container: Docker.Container): Promise<Docker.ContainerInspectInfo | null> {
  try {
    return await container.inspect();
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** The time of a start that never was is the year 1. */
const hasStarted = ({ State }: Docker.ContainerInspectInfo): boolean => Date.parse(State.StartedAt) > 0;
