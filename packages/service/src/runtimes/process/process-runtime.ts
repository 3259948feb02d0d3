import { randomBytes } from "node:crypto";
import { watch as watchFolder } from "node:fs";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { defaultEntrypoint, type Environment } from "../../environments/environment.ts";
import type { Environments } from "../../environments/environments.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { jobSettings, pathsNamed } from "../job-settings.ts";
import { sharedFolders } from "../linked-inputs.ts";
import { removeTree } from "../remove-tree.ts";
import type { InstanceFolder, InstanceState, JobAccess, Prepared, Runtime } from "../runtime.ts";
import { UsageWatch } from "../usage-watch.ts";
import { type ControlGroups, openControlGroups, removeGroups } from "./cgroups.ts";
import { Fifos } from "./fifos.ts";
import { type HostView, hostViews } from "./host-view.ts";
import { makeInstanceFolders, type Owner } from "./instance-folders.ts";
import { OVERLAY } from "./instance-sandbox.ts";
import { instanceFiles, type JobFiles, jobFiles, jobsFolder } from "./job-files.ts";
import { isRunning, observeJob, readStarted, signalJob } from "./job-process.ts";
import { prepareInstance } from "./prepare-instance.ts";
import { processesOf, send } from "./processes.ts";
import { type Recipes, removeOverlayWork, tryRecipes } from "./recipes.ts";
import { Slots } from "./slots.ts";
import { startSupervisor } from "./start-supervisor.ts";
import { instanceScript, supervisorScript } from "./supervisor.ts";

/** First user id of jobs where the service is root; a job's is this and its slot. */
const FIRST_UID = 2_000_000;
/** How often a watched job is looked at besides: its supervisor may be gone without a trace in its folder. */
const WATCH_MS = 2_000;
/** `remove` waits so long for what it killed. */
const REMOVE_TRIES = 250;
const REMOVE_PAUSE_MS = 20;

export interface ProcessRuntimeOptions {
  readonly dataFolder: string;
  /** `DATA/logs`: programs' output goes below it. */
  readonly logsFolder: string;
  readonly environments: Environments;
  /** The service's own variables: settings of certificates and of pip are taken from them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the runtime's own loops; jobs run on. */
  readonly signal: AbortSignal;
  readonly firstUid?: number;
  /** Told of what goes wrong in the runtime's own loops. */
  readonly onProblem?: (error: unknown) => void;
  /** What works here, where it is known already; else it is tried. */
  readonly recipes?: Recipes;
}

/** Finds out what this machine can do, and finds the jobs that run already. */
export async function openProcessRuntime(options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
  const slots = await Slots.open(options.dataFolder);
  const jobs = jobsFolder(options.dataFolder);
  await clearOwn(jobs);
  const own = randomBytes(6).toString("hex");
  const settings = await jobSettings(options.env);
  const [recipes, groups, views, fifos] = await Promise.all([
    options.recipes ?? tryRecipes(options.dataFolder),
    openControlGroups(),
    pathsNamed(settings).then(async (named) => await hostViews(join(jobs, `.etc-${own}`), named)),
    Fifos.open(join(jobs, `.fifos-${own}`)),
  ]);
  return new ProcessRuntime(options, { slots, recipes, groups, views, fifos, settings });
}

/** Removes what earlier services left for themselves; running instances still see the copy of /etc that they began with. */
async function clearOwn(jobs: string): Promise<void> {
  const names = await readdir(jobs);
  const inUse = names.some((name) => !name.startsWith("."));
  for (const name of names) {
    if (name.startsWith(".") && !(inUse && name.startsWith(".etc-"))) await removeTree(join(jobs, name));
  }
}

interface Machine {
  readonly slots: Slots;
  readonly recipes: Recipes;
  readonly groups: ControlGroups;
  readonly fifos: Fifos;
  /** of `jobSettings` */
  readonly settings: Readonly<Record<string, string>>;
  readonly views: { readonly open: HostView; readonly closed: HostView };
}

/** Instances as sandboxed processes of this machine: no engine, no daemon. */
export class ProcessRuntime implements Runtime {
  readonly name = "process";
  readonly #options: ProcessRuntimeOptions;
  readonly #machine: Machine;
  readonly #usage: UsageWatch;

  constructor(options: ProcessRuntimeOptions, machine: Machine) {
    this.#options = options;
    this.#machine = machine;
    this.#usage = new UsageWatch(jobsFolder(options.dataFolder), {
      signal: options.signal,
      onOver: async (jobId) => await this.#endForDisk(jobId),
      onProblem: options.onProblem ?? (() => {}),
    });
  }

  /** What works on this machine. */
  get recipes(): Recipes {
    return this.#machine.recipes;
  }

  async prepare(
    plan: RunPlan,
    options: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ): Promise<Prepared> {
    options.signal.throwIfAborted();
    this.#refuse(plan);
    commandOf(plan, await this.#options.environments.ready(plan.image, options));
    return { imageDigest: null };
  }

  async folders(plan: RunPlan): Promise<readonly InstanceFolder[]> {
    const job = this.#job(plan.jobId);
    const { best } = this.#machine.recipes;
    await mkdir(job.folder, { recursive: true, mode: 0o711 });
    const owner = isRoot() ? await this.#owner(plan) : null;
    const fresh = (await readStarted(job)) === null;
    const found: InstanceFolder[] = [];
    for (const host of plan.hosts) {
      const files = instanceFiles(job, host);
      if (fresh) await makeInstanceFolders({ files, owner });
      found.push({
        host,
        ml: files.ml,
        transfer: files.transfer,
        owner,
        copyBelow:
          best === null || !(best.root || best.overlay) ? ["/opt/ml"] : best.root ? [] : sharedFolders(plan),
      });
    }
    return found;
  }

  async start(plan: RunPlan, access: JobAccess | null): Promise<void> {
    const job = this.#job(plan.jobId);
    if ((await readStarted(job)) !== null) return;
    this.#refuse(plan);
    const never = new AbortController().signal;
    const environment = await this.#options.environments.ready(plan.image, {
      signal: never,
      onProgress: () => {},
    });
    const words = commandOf(plan, environment);
    const { recipes, views, settings, fifos } = this.#machine;
    const owner = await this.#owner(plan);
    const slot = await this.#machine.slots.of(plan.jobId);
    if (environment.kind === "python")
      await writeFile(job.environment, `${environment.interpreter.prefix}\n`);
    const groups = await Promise.all(
      plan.hosts.map(async (host) => await this.#machine.groups.create(`${plan.jobId}-${host}`, plan.limits)),
    );
    await writeFile(
      job.groups,
      groups.flatMap(({ folders }) => folders.map((folder) => `${folder}\n`)).join(""),
    );
    const launches = await Promise.all(
      plan.hosts.map(async (host, index) => {
        const launch = await prepareInstance({
          plan,
          host,
          words,
          environment,
          slot,
          owner,
          access,
          recipes,
          files: instanceFiles(job, host),
          view: plan.networkIsolation ? views.closed : views.open,
          settings,
          fifos,
          logsFolder: this.#options.logsFolder,
          boundsMemory: this.#machine.groups.controllers.has("memory"),
          groups: groups[index] ?? { folders: [], join: [], oomCounts: [] },
        });
        await mkdir(dirname(launch.log), { recursive: true, mode: 0o700 });
        await writeFile(join(job.folder, `run.${host}`), instanceScript(launch));
        return launch;
      }),
    );
    await writeFile(job.supervisor, supervisorScript(job.folder, launches));
    await startSupervisor(job, { sharedNetwork: sharesNetwork(plan), root: isRoot() });
    await syncStarted(job);
    this.#watchUsage(plan);
  }

  async observe(plan: RunPlan): Promise<readonly InstanceState[]> {
    return await observeJob(this.#job(plan.jobId), plan.hosts);
  }

  watch(plan: RunPlan, onChange: () => void): Disposable {
    const { folder } = this.#job(plan.jobId);
    this.#watchUsage(plan);
    const timer = setInterval(onChange, WATCH_MS);
    timer.unref();
    let watcher: ReturnType<typeof watchFolder> | null = null;
    try {
      watcher = watchFolder(folder, { persistent: false }, onChange);
      watcher.on("error", () => watcher?.close()); // the timer goes on
    } catch (error) {
      // no folder yet, or no watches left on this machine: the timer alone tells
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOSPC" && code !== "EMFILE") throw error;
    }
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        watcher?.close();
      },
    };
  }

  async signal(plan: RunPlan, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#signal(plan.jobId, plan.hosts, signal);
  }

  async remove(plan: RunPlan): Promise<void> {
    await this.#remove(plan.jobId, plan.hosts);
  }

  async sweep(jobIds: ReadonlySet<string>): Promise<void> {
    for (const jobId of await readdir(jobsFolder(this.#options.dataFolder))) {
      if (jobIds.has(jobId) || jobId.startsWith(".")) continue;
      const names = await readdir(this.#job(jobId).folder);
      await this.#remove(
        jobId,
        names.filter((name) => name.startsWith("run.")).map((name) => name.slice("run.".length)),
      );
    }
    await this.#options.environments.removeUnused();
  }

  async #remove(jobId: string, hosts: readonly string[]): Promise<void> {
    const job = this.#job(jobId);
    this.#usage.remove(jobId);
    const started = await readStarted(job);
    if (started !== null) {
      const states = await observeJob(job, hosts);
      if (!states.every(({ kind }) => kind === "exited")) await this.#kill(job, hosts);
      // the supervisor has a line to write after the end of its last instance
      for (let tries = 0; isRunning(started) && tries < REMOVE_TRIES; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, REMOVE_PAUSE_MS));
      }
    }
    const groups = await readFile(job.groups, "utf8").catch(() => "");
    await removeGroups(groups.split("\n").filter((line) => line !== ""));
    for (const host of hosts) await removeOverlayWork(join(instanceFiles(job, host).folder, OVERLAY.work));
    const environment = (await readFile(job.environment, "utf8").catch(() => "")).trim();
    await removeTree(job.folder);
    this.#machine.slots.free(jobId);
    await this.#options.environments.release(environment);
  }

  async #kill(job: JobFiles, hosts: readonly string[]): Promise<void> {
    await signalJob(job, hosts, { signal: "SIGKILL", sandboxed: this.#machine.recipes.best !== null });
    // a supervisor that was killed took its sandboxes with it; whatever else is left has the job's user id
    const slot = Number(await readFile(job.slot, "utf8").catch(() => "NaN"));
    if (isRoot() && slot >= 0) for (const pid of processesOf(this.#firstUid + slot)) send(pid, "SIGKILL");
  }

  async #signal(jobId: string, hosts: readonly string[], signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await signalJob(this.#job(jobId), hosts, { signal, sandboxed: this.#machine.recipes.best !== null });
  }

  async #endForDisk(jobId: string): Promise<void> {
    const job = this.#job(jobId);
    const names = await readdir(job.folder).catch(() => []);
    const hosts = names.filter((name) => name.startsWith("run.")).map((name) => name.slice("run.".length));
    // empty: a name in a folder takes no space that a full disk lacks
    await rm(job.outOfDisk, { force: true }).then(async () => await (await open(job.outOfDisk, "w")).close());
    await this.#signal(jobId, hosts, "SIGKILL");
  }

  #watchUsage(plan: RunPlan): void {
    const job = this.#job(plan.jobId);
    this.#usage.add({
      jobId: plan.jobId,
      limit: plan.limits.diskBytes * plan.hosts.length,
      paths: plan.hosts.map((host) => instanceFiles(job, host).folder),
    });
  }

  /** @throws RUNTIME_REFUSED when this machine cannot run the job as it asks */
  #refuse(plan: RunPlan): void {
    const { best, ip, trials } = this.#machine.recipes;
    if (!plan.networkIsolation) return;
    if (best === null) {
      const reasons = trials.map(({ recipe, failure }) => `${recipe.tool}: ${failure}`).join("; ");
      throw new FieldmarkError(
        "RUNTIME_REFUSED",
        `network isolation needs namespaces, which this machine does not give (${reasons || process.platform}); the job was not run without it`,
      );
    }
    if (sharesNetwork(plan) && !ip) {
      throw new FieldmarkError(
        "RUNTIME_REFUSED",
        "network isolation of several instances needs the program `ip` (package iproute2), which this machine lacks",
      );
    }
  }

  get #firstUid(): number {
    return this.#options.firstUid ?? FIRST_UID;
  }

  /** The user that the job's program runs as. */
  async #owner(plan: RunPlan): Promise<Owner> {
    if (!isRoot()) return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const uid = this.#firstUid + (await this.#machine.slots.of(plan.jobId));
    return { uid, gid: uid };
  }

  #job(jobId: string): JobFiles {
    return jobFiles(this.#options.dataFolder, jobId);
  }
}

/** Instances of one isolated job reach each other and nobody else. */
function sharesNetwork({ networkIsolation, hosts }: RunPlan): boolean {
  return networkIsolation && hosts.length > 1;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** @throws ENTRYPOINT_MISSING */
function commandOf(plan: RunPlan, environment: Environment): readonly string[] {
  const entrypoint = plan.entrypoint ?? defaultEntrypoint(environment);
  if (entrypoint !== null && entrypoint.length > 0) return [...entrypoint, ...plan.arguments];
  throw new FieldmarkError(
    "ENTRYPOINT_MISSING",
    `the environment ${environment.name}, which stands in for the image ${plan.image}, has no entrypoint of its own and the request names none`,
    { image: plan.image },
  );
}

/** After a power cut too, what was started is known to have been. */
async function syncStarted(job: JobFiles): Promise<void> {
  for (const path of [job.started, job.folder]) {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
