import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { type Pack, pack } from "tar-stream";

const READ_AT_ONCE = 2 ** 20;

/**
 * Sends all that is in a folder into a folder of a container that need not run; what is there already is replaced. It
 * belongs to root there and keeps its modes and times. What is neither a folder nor a file stays here.
 *
 * @param path of the container; must be there
 */
export async function sendFolder(
  docker: Docker,
  containerId: string,
  { folder, path, signal }: { readonly folder: string; readonly path: string; readonly signal: AbortSignal },
): Promise<void> {
  const archive = pack();
  const failure = packFolder(archive, folder, "").then(
    () => {
      archive.finalize();
      return null;
    },
    (error: unknown) => {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
      return { error };
    },
  );
  const body = Readable.from(archive, { objectMode: false });
  try {
    await docker.getContainer(containerId).putArchive(body, { path, abortSignal: signal });
  } catch (error) {
    archive.destroy();
    // what could not be read is why the daemon's answer is an error, too
    throw (await failure)?.error ?? error;
  } finally {
    body.destroy();
  }
}

async function packFolder(archive: Pack, folder: string, below: string): Promise<void> {
  for (const name of (await readdir(join(folder, below))).sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const stat = await lstat(join(folder, path));
    const header = { name: path, mode: stat.mode & 0o7777, mtime: stat.mtime, uid: 0, gid: 0 };
    if (stat.isDirectory()) {
      await entry((done) => archive.entry({ ...header, type: "directory" }, done));
      await packFolder(archive, folder, path);
    } else if (stat.isFile() && stat.size === 0) {
      await entry((done) => archive.entry(header, "", done));
    } else if (stat.isFile()) {
      const file = createReadStream(join(folder, path), { end: stat.size - 1, highWaterMark: READ_AT_ONCE });
      await pipeline(file, archive.entry({ ...header, size: stat.size }));
    }
  }
}

const entry = (add: (done: (error?: Error | null) => void) => unknown): Promise<void> =>
  new Promise((resolve, reject) => {
    add((error) => (error == null ? resolve() : reject(error)));
  });
