import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { isNotFound, isUnreachable } from "./docker-errors.ts";
import { LABELS } from "./docker-options.ts";
import { overlayOptions } from "./mounts.ts";

/** What a daemon and this machine have in common, and what the daemon has. */
export interface DaemonTraits {
  readonly version: string;
  /** It sees this machine's files. */
  readonly binds: boolean;
  /** It sees them, and can lay an overlay over them. */
  readonly overlays: boolean;
  readonly cpus: number;
  /** bytes */
  readonly memory: number;
  readonly logDrivers: readonly string[];
  readonly hasGpus: boolean;
}

/** The service is root on the daemon's machine: it can share folders with containers, and remove what they leave. */
export const isShared = ({ overlays }: DaemonTraits): boolean => overlays && process.getuid?.() === 0;

/** An image without content: enough to look through a container's mounts without running anything. */
const EMPTY_TAR = Buffer.alloc(1_024);
const REPOSITORY = "fieldmark-probe";

/**
 * Finds out what can be done, by doing it: a container that is never started has a folder of this machine bound, and an
 * overlay over it, and is asked for a file that only this machine's folder holds.
 *
 * @param folder where the jobs' folders are
 */
export async function daemonTraits(
  docker: Docker,
  { folder, serviceId }: { readonly folder: string; readonly serviceId: string },
): Promise<DaemonTraits> {
  const info = (await docker.info()) as {
    readonly ServerVersion: string;
    readonly NCPU: number;
    readonly MemTotal: number;
    readonly Plugins?: { readonly Log?: readonly string[] | null };
    readonly Runtimes?: Readonly<Record<string, unknown>>;
  };
  return {
    ...(await sharedFiles(docker, { folder, serviceId })),
    version: info.ServerVersion,
    cpus: info.NCPU,
    memory: info.MemTotal,
    logDrivers: info.Plugins?.Log ?? [],
    hasGpus: Object.hasOwn(info.Runtimes ?? {}, "nvidia"),
  };
}

async function sharedFiles(
  docker: Docker,
  { folder, serviceId }: { readonly folder: string; readonly serviceId: string },
): Promise<{ readonly binds: boolean; readonly overlays: boolean }> {
  const nonce = randomBytes(8).toString("hex");
  const base = join(folder, `.probe-${nonce}`);
  const [lower, upper, work] = ["lower", "upper", "work"].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [lower, upper, work]) await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(join(lower, nonce), "");
  const image = `${REPOSITORY}:${nonce}`;
  const labels = { [LABELS.service]: serviceId };
  const sees = async (mount: Docker.MountSettings): Promise<boolean> =>
    await seesFile(docker, { image, labels, mount, path: `/probe/${nonce}` });
  try {
    await importEmpty(docker, nonce);
    const binds = await sees({ Type: "bind", Source: lower, Target: "/probe" });
    const overlays =
      binds &&
      (await sees({
        Type: "volume",
        Source: `fieldmark-probe-${nonce}`,
        Target: "/probe",
        VolumeOptions: {
          NoCopy: true,
          Labels: labels,
          DriverConfig: { Name: "local", Options: overlayOptions({ lower, upper, work }) },
        },
      }));
    return { binds, overlays };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    // one that takes no image shows nothing: files are sent to it
    return { binds: false, overlays: false };
  } finally {
    await docker
      .getImage(image)
      .remove({ force: true })
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isUnreachable(error)) throw error;
      });
    await rm(base, { recursive: true, force: true });
  }
}

async function importEmpty(docker: Docker, tag: string): Promise<void> {
  const answer = await docker.importImage(Readable.from([EMPTY_TAR]) as NodeJS.ReadableStream, {
    repo: REPOSITORY,
    tag,
  });
  for await (const _ of answer);
}

/** False where the daemon refuses or fails: its reason is of no use here. */
async function seesFile(
  docker: Docker,
  {
    image,
    labels,
    mount,
    path,
  }: {
    readonly image: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly mount: Docker.MountSettings;
    readonly path: string;
  },
): Promise<boolean> {
  let container: Docker.Container | null = null;
  try {
    container = await docker.createContainer({
      Image: image,
      Cmd: ["none"],
      Labels: { ...labels },
      HostConfig: { NetworkMode: "none", Mounts: [mount] },
    });
    const answer: Readable = await container.infoArchive({ path });
    // dockerode hands out the answer's stream: left as it is, its connection keeps this process alive
    answer.destroy();
    return true;
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return false;
  } finally {
    await container?.remove({ force: true });
    if (mount.Type === "volume") await docker.getVolume(mount.Source).remove();
  }
}
