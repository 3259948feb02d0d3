import { createWriteStream } from "node:fs";
import { link, lstat, mkdir, rename, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FieldmarkError } from "@fieldmark/contract";
import type Docker from "dockerode";
import { removeTree } from "../../remove-tree.ts";
import { isNotFound } from "../docker-errors.ts";
import { type ArchiveBounds, type ArchiveEntry, archiveEntries } from "./archive-entries.ts";

export interface ReceiveOptions {
  /** A folder of the container. */
  readonly path: string;
  /** The folder here that it becomes. */
  readonly folder: string;
  /** A folder on the same disk for what is not whole yet; nobody else uses it meanwhile. */
  readonly scratch: string;
  readonly bounds: ArchiveBounds;
  readonly signal: AbortSignal;
}

/**
 * Brings a folder of a container here, whether it runs or not, in the place of what is here: all of it or nothing. Where
 * the container has none, there is an empty one.
 *
 * @throws OUTPUT_HAZARD
 */
export async function receiveFolder(
  docker: Docker,
  containerId: string,
  options: ReceiveOptions,
): Promise<void> {
  const { folder, scratch } = options;
  await removeTree(scratch);
  await mkdir(scratch, { recursive: true });
  const whole = join(scratch, "whole");
  await mkdir(whole);
  await receive(docker, containerId, options, async (entry) => {
    const target = join(whole, entry.path);
    if (entry.kind === "folder") await makeFolder(target);
    else if (entry.kind === "link") await linkFile(entry, whole);
    else await writeNew(target, entry);
  });
  await removeTree(folder);
  await mkdir(dirname(folder), { recursive: true });
  await rename(whole, folder);
  await removeTree(scratch);
}

/**
 * Brings those files of a container's folder here that are new or have another size or time; leaves the others as they
 * are, and what the container has no longer.
 *
 * @throws OUTPUT_HAZARD
 */
export async function receiveChanges(
  docker: Docker,
  containerId: string,
  options: ReceiveOptions,
): Promise<void> {
  const { folder, scratch } = options;
  await removeTree(scratch);
  await mkdir(scratch, { recursive: true });
  await mkdir(folder, { recursive: true });
  await receive(docker, containerId, options, async (entry) => {
    const target = join(folder, entry.path);
    if (entry.kind === "folder") return await makeFolder(target);
    if (entry.kind === "link") return;
    const found = await lstat(target).catch(() => null);
    if (found?.isFile() && found.size === entry.size && found.mtime.getTime() === entry.mtime.getTime())
      return;
    const draft = join(scratch, "draft");
    await writeNew(draft, entry);
    await rename(draft, target);
  });
  await removeTree(scratch);
}

async function receive(
  docker: Docker,
  containerId: string,
  { path, bounds, signal }: ReceiveOptions,
  take: (entry: ArchiveEntry) => Promise<void>,
): Promise<void> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await docker.getContainer(containerId).getArchive({ path, abortSignal: signal });
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  for await (const entry of archiveEntries(
    archive as NodeJS.ReadableStream as AsyncIterable<Buffer>,
    bounds,
  )) {
    signal.throwIfAborted();
    await take(entry);
  }
}

/** The archive names each file once, and a folder before what is in it. */
async function writeNew(
  path: string,
  { body, mtime }: Extract<ArchiveEntry, { kind: "file" }>,
): Promise<void> {
  await pipeline(body, createWriteStream(path, { flags: "wx", mode: 0o644 }));
  await utimes(path, mtime, mtime);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST" || !(await lstat(path)).isDirectory()) throw error;
  });
}

async function linkFile(
  { path, of }: Extract<ArchiveEntry, { kind: "link" }>,
  folder: string,
): Promise<void> {
  const first = await lstat(join(folder, of)).catch(() => null);
  if (first === null || !first.isFile())
    throw new FieldmarkError(
      "OUTPUT_HAZARD",
      `${JSON.stringify(path)} is a link to ${JSON.stringify(of)}, which is no file of the same folder`,
      { path },
    );
  await link(join(folder, of), join(folder, path));
}
