import { chmod, mkdir, open, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where things of a job in containers are on this machine; names only. */
export interface JobFolder {
  /** `DATA/jobs/<jobId>` */
  readonly folder: string;
  /** There from before the first container is started: from then on a container that is missing has disappeared. */
  readonly started: string;
  /** The image that its containers are made from. */
  readonly image: string;
  /** There when the job was killed for the bytes that it wrote. */
  readonly outOfDisk: string;
}

export interface InstanceFiles {
  readonly folder: string;
  readonly ml: string;
  readonly transfer: string;
  /** Stands for the container's `/`: files that settings name. */
  readonly settings: string;
  /** How far the container's log was read. */
  readonly logPosition: string;
  /** There when what a remote container left is in `ml`. */
  readonly collected: string;
  /** Folders of the overlay over an input: what the program wrote there. */
  readonly overlay: (index: number) => { readonly upper: string; readonly work: string };
}

/** What is kept of a job's image between `prepare` and `start`. */
export interface JobImage {
  readonly reference: string;
  readonly id: string;
  /** Its programs run as another user than root. */
  readonly hasUser: boolean;
}

export function jobFolder(dataFolder: string, jobId: string): JobFolder {
  const folder = join(dataFolder, "jobs", jobId);
  return {
    folder,
    started: join(folder, "started"),
    image: join(folder, "image.json"),
    outOfDisk: join(folder, "out-of-disk"),
  };
}

export function instanceFiles(job: JobFolder, host: string): InstanceFiles {
  const folder = join(job.folder, host);
  return {
    folder,
    ml: join(folder, "ml"),
    transfer: join(folder, "transfer"),
    settings: join(folder, "settings"),
    logPosition: join(job.folder, `log.${host}`),
    collected: join(job.folder, `collected.${host}`),
    overlay: (index) => ({ upper: join(folder, `upper-${index}`), work: join(folder, `work-${index}`) }),
  };
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** After a power cut too, what was started is known to have been. */
export async function markStarted({ started, folder }: JobFolder): Promise<void> {
  await (await open(started, "a")).close();
  for (const path of [started, folder]) {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

export async function writeJobImage(job: JobFolder, image: JobImage): Promise<void> {
  await mkdir(job.folder, { recursive: true, mode: 0o711 });
  await writeFile(`${job.image}.new`, JSON.stringify(image));
  await rename(`${job.image}.new`, job.image);
}

export async function readJobImage(job: JobFolder): Promise<JobImage | null> {
  const text = await readFile(job.image, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as JobImage);
}

/**
 * Lets the image's user, whoever that is, write into a folder and the folders in it. Nobody else on this machine gets as
 * far: the data folder is closed.
 */
export async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o777);
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
}
