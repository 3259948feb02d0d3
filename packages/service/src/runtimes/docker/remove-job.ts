import { setTimeout as pause } from "node:timers/promises";
import type Docker from "dockerode";
import { isConflict, isNotFound } from "./docker-errors.ts";
import { LABELS } from "./docker-options.ts";

/** A removal that another one is at work on, or a volume whose container is on its way out, is tried again so often. */
const TRIES = 100;
const PAUSE_MS = 100;

type Labels = Readonly<Record<string, string>>;

/** Removes the containers of one job, whatever they do, then its volumes and networks. */
export async function removeFromDaemon(docker: Docker, labels: Labels): Promise<void> {
  const { containers, volumes, networks } = await labelled(docker, labels);
  await Promise.all(
    containers.map(
      async ({ id }) => await gone(() => docker.getContainer(id).remove({ force: true, v: true })),
    ),
  );
  await Promise.all(volumes.map(async ({ id }) => await gone(() => docker.getVolume(id).remove())));
  await Promise.all(networks.map(async ({ id }) => await gone(() => docker.getNetwork(id).remove())));
}

/** Ids of the jobs that a service has anything of at the daemon. */
export async function jobsAt(docker: Docker, serviceId: string): Promise<Set<string>> {
  const { containers, volumes, networks } = await labelled(docker, { [LABELS.service]: serviceId });
  const ids = [...containers, ...volumes, ...networks].map(({ labels }) => labels[LABELS.job]);
  return new Set(ids.filter((id) => id !== undefined));
}

interface Labelled {
  readonly id: string;
  readonly labels: Readonly<Record<string, string | undefined>>;
}

async function labelled(
  docker: Docker,
  labels: Labels,
): Promise<Record<"containers" | "volumes" | "networks", readonly Labelled[]>> {
  const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
  const [containers, { Volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
    docker.listNetworks({ filters }),
  ]);
  return {
    containers: containers.map(({ Id, Labels }) => ({ id: Id, labels: Labels })),
    volumes: (Volumes ?? []).map(({ Name, Labels }) => ({ id: Name, labels: Labels ?? {} })),
    networks: networks.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} })),
  };
}

/** What is gone already is as good as removed. */
async function gone(remove: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await remove();
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || tries === TRIES) throw error;
    }
    await pause(PAUSE_MS);
  }
}
