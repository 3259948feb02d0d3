import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type Docker from "dockerode";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import { sharedFolders } from "../linked-inputs.ts";
import { removeTree } from "../remove-tree.ts";
import type { InstanceFolder, InstanceState, JobAccess, Prepared, Runtime } from "../runtime.ts";
import { UsageWatch } from "../usage-watch.ts";
import { shortfall } from "./container-options.ts";
import { type ContainerSettings, containerSettings } from "./container-settings.ts";
import { Daemon, type Trouble } from "./daemon.ts";
import { type DaemonTraits, daemonTraits } from "./daemon-traits.ts";
import { type DockerRuntimeOptions, jobLabels } from "./docker-options.ts";
import { Followers } from "./followers.ts";
import { Instances } from "./instances.ts";
import {
  exists,
  instanceFiles,
  type JobFolder,
  type JobImage,
  jobFolder,
  markStarted,
  readJobImage,
  writeJobImage,
} from "./job-folder.ts";
import { ensureJobNetwork, ensureServiceNetwork, type JobNetwork, removeServiceNetwork } from "./networks.ts";
import { RemoteOutputs } from "./remote-outputs.ts";
import { jobsAt, removeFromDaemon } from "./remove-job.ts";
import { serviceId } from "./service-id.ts";
import { startError } from "./start-errors.ts";

/** How often a watched job is looked at besides: its container may be gone without a word. */
const WATCH_MS = 5_000;

/** Opens at once, also while the daemon is away. */
export async function openDockerRuntime(options: DockerRuntimeOptions): Promise<DockerRuntime> {
  const jobs = jobsFolder(options.dataFolder);
  await mkdir(jobs, { recursive: true, mode: 0o700 });
  for (const name of await readdir(jobs)) if (name.startsWith(".")) await removeTree(join(jobs, name));
  return new DockerRuntime(options, await serviceId(options.dataFolder));
}

/** Instances as containers of a Docker daemon. */
export class DockerRuntime implements Runtime {
  readonly name = "docker";
  readonly #options: DockerRuntimeOptions;
  /** On all that this runtime makes at the daemon. */
  readonly serviceId: string;
  readonly #daemon: Daemon;
  readonly #followers: Followers;
  readonly #remote: RemoteOutputs;
  readonly #instances: Instances;
  readonly #usage: UsageWatch;
  /** Of images by their ids, which never change. */
  readonly #hasUser = new Map<string, boolean>();
  /** Of jobs that are prepared and not started, by their ids. */
  readonly #settings = new Map<string, ContainerSettings | null>();
  #traits: Promise<DaemonTraits> | null = null;

  constructor(options: DockerRuntimeOptions, id: string) {
    const { docker, address, signal, onProblem } = options;
    this.#options = options;
    this.serviceId = id;
    this.#daemon = new Daemon(docker, { address, signal, onProblem });
    this.#followers = new Followers({ daemon: this.#daemon, signal, onProblem });
    this.#remote = new RemoteOutputs(this.#daemon, signal);
    this.#instances = new Instances({
      ...options,
      serviceId: id,
      daemon: this.#daemon,
      followers: this.#followers,
      remote: this.#remote,
    });
    this.#usage = new UsageWatch(jobsFolder(options.dataFolder), {
      signal,
      onOver: async (jobId) => await this.#endForDisk(jobId),
      onProblem,
    });
  }

  /** Why nothing goes on at the moment; null while the daemon answers. */
  get trouble(): Trouble | null {
    return this.#daemon.trouble;
  }

  /** The network of single instances; waits until the daemon answers. */
  async serviceNetwork(): Promise<JobNetwork> {
    return await this.#daemon.ask(async (docker) => await ensureServiceNetwork(docker, this.serviceId));
  }

  /** What the daemon is and can do; waits until it answers. */
  async traits(): Promise<DaemonTraits> {
    this.#traits ??= this.#daemon.ask(
      async (docker) =>
        await daemonTraits(docker, {
          folder: jobsFolder(this.#options.dataFolder),
          serviceId: this.serviceId,
        }),
    );
    const traits = await this.#traits.catch((error: unknown) => {
      this.#traits = null;
      throw error;
    });
    return this.#options.sharesFiles === false ? { ...traits, binds: false, overlays: false } : traits;
  }

  /** Leaves no network behind where no job needs it; the next start makes it again. */
  async close(): Promise<void> {
    const names = await readdir(jobsFolder(this.#options.dataFolder));
    if (names.some((name) => !name.startsWith("."))) return;
    await removeServiceNetwork(this.#options.docker, this.serviceId);
  }

  async prepare(
    plan: RunPlan,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ): Promise<Prepared> {
    signal.throwIfAborted();
    const image = await this.#daemon.ask(
      async (docker) => {
        const ready = await this.#options.images.ensure(plan.image, { signal, onProgress });
        return { ...ready, hasUser: this.#hasUser.get(ready.id) ?? (await hasUser(docker, ready.id)) };
      },
      { signal, onWait: onProgress },
    );
    const traits = await this.traits();
    this.#refuse(plan, traits);
    const missing = shortfall(plan, traits);
    if (missing !== null) onProgress(missing);
    const settings = await this.#settingsOf(plan, traits);
    for (const line of settings?.leftOut ?? []) onProgress(line);
    this.#settings.set(plan.jobId, settings);
    const { reference, id, digest } = image;
    this.#hasUser.set(id, image.hasUser);
    await writeJobImage(this.#job(plan.jobId), { reference, id, hasUser: image.hasUser });
    return { imageDigest: digest };
  }

  async folders(plan: RunPlan): Promise<readonly InstanceFolder[]> {
    const job = this.#job(plan.jobId);
    await mkdir(job.folder, { recursive: true, mode: 0o711 });
    const isFresh = !(await exists(job.started));
    const copyBelow = sharedFolders(plan);
    return await Promise.all(
      plan.hosts.map(async (host) => {
        const { folder, ml, transfer } = instanceFiles(job, host);
        if (isFresh) {
          await removeTree(folder);
          await Promise.all(
            ["config", "output", "processing"].map((name) =>
              mkdir(join(ml, name), { recursive: true, mode: 0o755 }),
            ),
          );
        }
        return { host, ml, transfer, owner: null, copyBelow };
      }),
    );
  }

  async start(plan: RunPlan, access: JobAccess | null): Promise<void> {
    const job = this.#job(plan.jobId);
    const image = (await readJobImage(job)) ?? (await this.#imageAgain(plan));
    const isNew = !(await exists(job.started));
    const traits = await this.traits();
    try {
      if (isNew) {
        const [network, settings] = await Promise.all([
          this.#networkOf(plan),
          this.#settings.get(plan.jobId) ?? this.#settingsOf(plan, traits),
        ]);
        await Promise.all(
          plan.hosts.map(
            async (host) =>
              await this.#instances.create(plan, { host, access, settings, image, network, traits }),
          ),
        );
        await markStarted(job);
        this.#settings.delete(plan.jobId);
      }
      await Promise.all(
        plan.hosts.map(async (host) => await this.#instances.startOnce(plan, { host, isNew })),
      );
    } catch (error) {
      throw startError(plan, image.reference, error);
    }
    this.#watchUsage(plan);
  }

  async observe(plan: RunPlan): Promise<readonly InstanceState[]> {
    const job = this.#job(plan.jobId);
    if (!(await exists(job.started))) return plan.hosts.map(() => ({ kind: "absent" }));
    const outOfDisk = await exists(job.outOfDisk);
    return await Promise.all(
      plan.hosts.map(async (host, index) => await this.#instances.observe(plan, { host, index, outOfDisk })),
    );
  }

  watch(plan: RunPlan, onChange: () => void): Disposable {
    this.#watchUsage(plan);
    const timer = setInterval(onChange, WATCH_MS);
    timer.unref();
    const watching = [this.#followers.onEnd(plan.jobId, onChange), ...this.#instances.watchOutputs(plan)];
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        for (const each of watching) each[Symbol.dispose]();
      },
    };
  }

  async signal(plan: RunPlan, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#instances.signal(plan.jobId, plan.hosts, signal);
  }

  async remove(plan: RunPlan): Promise<void> {
    await this.#remove(plan.jobId);
  }

  async sweep(jobIds: ReadonlySet<string>): Promise<void> {
    const left = await this.#daemon.ask(async (docker) => await jobsAt(docker, this.serviceId));
    for (const name of await readdir(jobsFolder(this.#options.dataFolder)))
      if (!name.startsWith(".")) left.add(name);
    for (const jobId of left) if (!jobIds.has(jobId)) await this.#remove(jobId);
  }

  async #remove(jobId: string): Promise<void> {
    this.#settings.delete(jobId);
    this.#usage.remove(jobId);
    this.#followers.stop(jobId);
    await this.#daemon.ask(
      async (docker) => await removeFromDaemon(docker, jobLabels(this.serviceId, jobId)),
    );
    await removeTree(this.#job(jobId).folder);
  }

  async #endForDisk(jobId: string): Promise<void> {
    const { folder, outOfDisk } = this.#job(jobId);
    const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
    // empty: a name in a folder takes no space that a full disk lacks
    await writeFile(outOfDisk, "");
    const hosts = names.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    await this.#instances.signal(jobId, hosts, "SIGKILL");
  }

  #watchUsage(plan: RunPlan): void {
    const job = this.#job(plan.jobId);
    const logs = plan.logStreams.map((stream) => logFile(this.#options.logsFolder, stream));
    this.#usage.add({
      jobId: plan.jobId,
      limit: plan.limits.diskBytes * plan.hosts.length,
      paths: [...plan.hosts.map((host) => instanceFiles(job, host).folder), ...logs],
      elsewhere: async () => await this.#writtenInside(plan.jobId),
    });
  }

  /** Bytes of the containers' own layers: whatever is written beside /opt/ml. */
  async #writtenInside(jobId: string): Promise<number> {
    const label = Object.entries(jobLabels(this.serviceId, jobId)).map(([name, value]) => `${name}=${value}`);
    const found: readonly (Docker.ContainerInfo & { readonly SizeRw?: number })[] = await this.#daemon.ask(
      async (docker) => await docker.listContainers({ all: true, size: true, filters: { label } }),
    );
    return found.reduce((sum, { SizeRw = 0 }) => sum + SizeRw, 0);
  }

  /** The network of a job's instances; null: none. */
  async #networkOf({ jobId, hosts, networkIsolation: isolated }: RunPlan): Promise<string | null> {
    const id = this.serviceId;
    if (hosts.length > 1)
      return await this.#daemon.ask(
        async (docker) => await ensureJobNetwork(docker, { serviceId: id, jobId, isolated }),
      );
    if (isolated) return null;
    return (await this.serviceNetwork()).name;
  }

  /** null: an isolated job has no use for any */
  async #settingsOf(
    { networkIsolation }: RunPlan,
    { binds }: DaemonTraits,
  ): Promise<ContainerSettings | null> {
    return networkIsolation ? null : await containerSettings(this.#options.env, { binds });
  }

  /** @throws RUNTIME_REFUSED when this daemon cannot run the job as it asks */
  #refuse(plan: RunPlan, { binds }: DaemonTraits): void {
    const piped = plan.downloads.find(({ s3InputMode }) => s3InputMode === "Pipe");
    if (binds || piped === undefined) return;
    throw new FieldmarkError(
      "RUNTIME_REFUSED",
      `input "${piped.inputName}" has the S3InputMode Pipe, which needs a Docker daemon on the service's own machine; ${this.#options.address} is another: use File`,
    );
  }

  async #imageAgain(plan: RunPlan): Promise<JobImage> {
    await this.prepare(plan, { signal: this.#options.signal, onProgress: () => {} });
    const image = await readJobImage(this.#job(plan.jobId));
    if (image === null) throw new Error(`no image of job ${plan.jobId} is recorded`);
    return image;
  }

  #job(jobId: string): JobFolder {
    return jobFolder(this.#options.dataFolder, jobId);
  }
}

/** Whether the image's programs run as another user than root. */
async function hasUser(docker: Docker, image: string): Promise<boolean> {
  const { Config } = await docker.getImage(image).inspect();
  return !/^(?:root|0)?(?::|$)/.test(Config?.User ?? "");
}

const jobsFolder = (dataFolder: string): string => join(dataFolder, "jobs");
