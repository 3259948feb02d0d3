import { readdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Environments } from "../environments/environments.ts";
import { dockerImages } from "../images/docker-images.ts";
import type { PullPolicy } from "../images/images.ts";
import {
  describeDockerRuntime,
  describeProcessRuntime,
  type RuntimeDescription,
} from "../runtime-description.ts";
import { serviceVersion } from "../service-version.ts";
import { answers, type DockerConnection, openDocker } from "./docker/connect-docker.ts";
import type { DaemonTraits } from "./docker/daemon-traits.ts";
import { type DockerRuntime, openDockerRuntime } from "./docker/docker-runtime.ts";
import { openProcessRuntime } from "./process/process-runtime.ts";
import type { Runtime } from "./runtime.ts";
import type { RuntimeChoice } from "./runtime-choice.ts";

/** ms that a daemon which answers has to show what it can do */
const TRAITS_MS = 10_000;

export interface OpenRuntimeOptions {
  readonly choice: RuntimeChoice;
  readonly dataFolder: string;
  readonly logsFolder: string;
  readonly environments: Environments;
  readonly pull: PullPolicy;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the runtime's own loops and waits; jobs run on. */
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

export interface OpenedRuntime {
  readonly runtime: Runtime;
  readonly description: RuntimeDescription;
  /** Where instances are containers: more that can be asked of it. */
  readonly docker: DockerRuntime | null;
  /** What the machine has that instances run on. */
  readonly machine: { readonly cpus: number; readonly memory: number };
}

/**
 * Opens the runtime that was chosen. `auto`: containers where a Docker daemon answers within a second, else processes; but
 * as before where there are unfinished jobs, for nobody else finds their instances.
 *
 * @throws DOCKER_SETTINGS
 */
export async function openRuntime(options: OpenRuntimeOptions): Promise<OpenedRuntime> {
  const connection = await chosen(options);
  await writeFile(runtimeFile(options), `${connection === null ? "process" : "docker"}\n`, { mode: 0o600 });
  return connection === null ? await openProcess(options) : await openContainers(options, connection);
}

/** null: processes */
async function chosen(options: OpenRuntimeOptions): Promise<DockerConnection | null> {
  const { choice, env } = options;
  const wanted = choice === "auto" ? await runtimeOfUnfinished(options) : choice;
  if (wanted === "process") return null;
  if (wanted === "docker") return await openDocker(env);
  try {
    const connection = await openDocker(env);
    return (await answers(connection.docker)) ? connection : null;
  } catch (error) {
    options.onProblem(error);
    return null;
  }
}

async function runtimeOfUnfinished(options: OpenRuntimeOptions): Promise<"process" | "docker" | null> {
  const names = await readdir(join(options.dataFolder, "jobs")).catch(() => []);
  if (names.every((name) => name.startsWith("."))) return null;
  const name = (await readFile(runtimeFile(options), "utf8").catch(() => "")).trim();
  return name === "process" || name === "docker" ? name : null;
}

const runtimeFile = ({ dataFolder }: OpenRuntimeOptions): string => join(dataFolder, "runtime");

async function openProcess(options: OpenRuntimeOptions): Promise<OpenedRuntime> {
  const runtime = await openProcessRuntime(options);
  return {
    runtime,
    description: describeProcessRuntime(runtime),
    docker: null,
    machine: { cpus: availableParallelism(), memory: totalmem() },
  };
}

async function openContainers(
  options: OpenRuntimeOptions,
  { docker, endpoint }: DockerConnection,
): Promise<OpenedRuntime> {
  const { dataFolder, logsFolder, pull, env, signal, onProblem } = options;
  const runtime = await openDockerRuntime({
    dataFolder,
    logsFolder,
    docker,
    address: endpoint.url,
    images: dockerImages({ docker, dataFolder, pull, env, version: await serviceVersion() }),
    env,
    signal,
    onProblem,
  });
  const traits = (await answers(docker)) ? await traitsSoon(runtime, onProblem) : null;
  return {
    runtime,
    description: describeDockerRuntime(endpoint.url, traits),
    docker: runtime,
    machine: { cpus: traits?.cpus ?? availableParallelism(), memory: traits?.memory ?? totalmem() },
  };
}

/** null where they are not known soon: the service starts without them, and the first job asks again. */
async function traitsSoon(
  runtime: DockerRuntime,
  onProblem: (error: unknown) => void,
): Promise<DaemonTraits | null> {
  const traits = runtime.traits().catch((error: unknown) => {
    onProblem(error);
    return null;
  });
  return await Promise.race([traits, pause(TRAITS_MS, null, { ref: false })]);
}
