import { type DaemonTraits, isShared } from "./runtimes/docker/daemon-traits.ts";
import { PREFIX_WARNING } from "./runtimes/process/prefix.ts";
import type { ProcessRuntime } from "./runtimes/process/process-runtime.ts";
import { describeRecipe } from "./runtimes/process/recipes.ts";

/** What a service says at its start of where its instances run. */
export interface RuntimeDescription {
  readonly name: string;
  readonly description: string;
  /** What this machine cannot do; [] when it can do all. */
  readonly limits: readonly string[];
}

export function describeProcessRuntime({ name, recipes }: ProcessRuntime): RuntimeDescription {
  if (recipes.best !== null) {
    const isSlow = recipes.best.tool === "unshare";
    return {
      name,
      description: `each instance in namespaces of its own (${describeRecipe(recipes.best)})`,
      limits: isSlow ? ["bubblewrap is not installed: instances start slower by 40 ms or so"] : [],
    };
  }
  return {
    name,
    description:
      "no namespaces on this machine: programs run beside each other, and see /opt/ml by a path prefix",
    limits: [
      PREFIX_WARNING,
      "isolated jobs (EnableNetworkIsolation) fail; `fieldmark doctor` says what is missing",
      ...recipes.trials.flatMap(({ recipe, failure }) =>
        failure === null ? [] : [`${recipe.tool}: ${failure}`],
      ),
    ],
  };
}

/** @param traits null while the daemon does not answer */
export function describeDockerRuntime(address: string, traits: DaemonTraits | null): RuntimeDescription {
  const name = "docker";
  if (traits === null) {
    return {
      name,
      description: `each instance in a container of the daemon at ${address}`,
      limits: ["the daemon does not answer: jobs wait until it does"],
    };
  }
  const description = `each instance in a container of Docker ${traits.version} at ${address}`;
  if (isShared(traits)) return { name, description, limits: [] };
  const why = traits.overlays
    ? "the service is not root"
    : traits.binds
      ? "the daemon cannot lay overlays over the data folder"
      : "the daemon does not see the data folder";
  return { name, description, limits: [`inputs and outputs are copied to and from volumes: ${why}`] };
}
