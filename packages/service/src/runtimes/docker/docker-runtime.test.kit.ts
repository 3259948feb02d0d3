import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type Docker from "dockerode";
import type { Images } from "../../images/images.ts";
import { anyRunPlan } from "../../jobs/run-plan.test.kit.ts";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { logFile } from "../../logs/job-logs.ts";
import type { InstanceState, JobAccess } from "../runtime.ts";
import { connectDocker } from "./connect-docker.ts";
import { type DockerRuntime, openDockerRuntime } from "./docker-runtime.ts";

/** The image of the tests, which `.ci/start-docker` makes. */
export const IMAGE = "debian:bookworm-slim";

/** The daemon of the tests; null, and said, where none answers or it lacks the image. */
export const docker: Docker | null = await testDaemon();

async function testDaemon(): Promise<Docker | null> {
  const connection = await connectDocker(process.env).catch(() => null);
  const found = await connection?.docker
    .getImage(IMAGE)
    .inspect()
    .catch(() => null);
  if (connection !== null && found !== null) return connection.docker;
  const why = connection === null ? "no Docker daemon answers" : `the Docker daemon has no image ${IMAGE}`;
  process.stdout.write(`skipped: instances in containers (${why})\n`);
  return null;
}

/** Images as the daemon has them. */
function localImages(daemon: Docker): Images {
  return {
    async ensure(image) {
      const { Id } = await daemon.getImage(image).inspect();
      return { reference: image, id: Id, digest: Id };
    },
  };
}

/** A data folder with a runtime of containers on it. */
export class DockerWorld implements AsyncDisposable {
  readonly dataFolder: string;
  readonly docker: Docker;
  readonly runtime: DockerRuntime;
  readonly #reopen: () => Promise<DockerRuntime>;
  readonly #loops: AbortController;
  readonly #plans: RunPlan[] = [];

  private constructor(
    dataFolder: string,
    {
      daemon,
      runtime,
      reopen,
      loops,
    }: {
      readonly daemon: Docker;
      readonly runtime: DockerRuntime;
      readonly reopen: () => Promise<DockerRuntime>;
      readonly loops: AbortController;
    },
  ) {
    this.dataFolder = dataFolder;
    this.docker = daemon;
    this.runtime = runtime;
    this.#reopen = reopen;
    this.#loops = loops;
  }

  static async open({
    sharesFiles = true,
    daemon = docker,
    env = {},
  }: {
    readonly sharesFiles?: boolean;
    readonly daemon?: Docker | null;
    /** The service's variables. */
    readonly env?: Readonly<Record<string, string>>;
  } = {}): Promise<DockerWorld> {
    if (daemon === null) throw new Error("no Docker daemon answers");
    const dataFolder = await mkdtemp(join(tmpdir(), "fieldmark-docker-"));
    const loops = new AbortController();
    const reopen = async () =>
      await openRuntime(dataFolder, { daemon, signal: loops.signal, sharesFiles, env });
    return new DockerWorld(dataFolder, { daemon, runtime: await reopen(), reopen, loops });
  }

  /** A second runtime on the same folder, as after a restart of the service. */
  async reopen(): Promise<DockerRuntime> {
    return await this.#reopen();
  }

  plan(script: string, more: Partial<RunPlan> = {}): RunPlan {
    const plan = testPlan(script, more);
    this.#plans.push(plan);
    return plan;
  }

  async prepare(plan: RunPlan): Promise<void> {
    await this.runtime.prepare(plan, { signal: this.#loops.signal, onProgress: () => {} });
  }

  /** From the image to the end. */
  async run(plan: RunPlan, access: JobAccess | null = null): Promise<readonly InstanceState[]> {
    await this.prepare(plan);
    await this.runtime.folders(plan);
    await this.runtime.start(plan, access);
    return await this.ended(plan);
  }

  async ended(plan: RunPlan): Promise<readonly InstanceState[]> {
    for (;;) {
      const states = await this.runtime.observe(plan);
      if (states.every(({ kind }) => kind !== "running")) return states;
      await pause(20);
    }
  }

  async log(plan: RunPlan, index = 0): Promise<string> {
    return await readFile(logFile(join(this.dataFolder, "logs"), plan.logStreams[index] ?? ""), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const plan of this.#plans) await this.runtime.remove(plan);
    await this.runtime.sweep(new Set());
    this.#loops.abort(new Error("the test ends"));
    await rm(this.dataFolder, { recursive: true, force: true });
    const networks = await this.docker.listNetworks({
      filters: { label: [`fieldmark.service=${this.runtime.serviceId}`] },
    });
    for (const { Id } of networks) await this.docker.getNetwork(Id).remove();
  }
}

async function openRuntime(
  dataFolder: string,
  {
    daemon,
    signal,
    sharesFiles,
    env,
  }: {
    readonly daemon: Docker;
    readonly signal: AbortSignal;
    readonly sharesFiles: boolean;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<DockerRuntime> {
  return await openDockerRuntime({
    dataFolder,
    logsFolder: join(dataFolder, "logs"),
    docker: daemon,
    address: "the tests' daemon",
    images: localImages(daemon),
    env,
    signal,
    onProblem: () => {},
    sharesFiles,
  });
}

let count = 0;

function testPlan(script: string, more: Partial<RunPlan> = {}): RunPlan {
  count += 1;
  return anyRunPlan({
    jobId: `test${process.pid}x${count}`,
    image: IMAGE,
    entrypoint: ["/bin/bash", "-c", script],
    ...more,
  });
}
