import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";

const flush = promisify(fsync);

/**
 * Makes renames durable. One fsync of a folder covers every rename before it, so callers that arrive while one is
 * running share the next.
 */
export class FolderSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when an fsync that started after this call has ended. */
  sync(folder: string): Promise<void> {
    const queued = this.#next.get(folder);
    if (queued !== undefined) return queued;
    const running = this.#running.get(folder);
    if (running === undefined) return this.#start(folder);
    const next = running
      .catch(() => {})
      .then(() => {
        this.#next.delete(folder);
        return this.#start(folder);
      });
    this.#next.set(folder, next);
    return next;
  }

  #start(folder: string): Promise<void> {
    const run = fsyncFolder(folder).finally(() => {
      if (this.#running.get(folder) === run) this.#running.delete(folder);
    });
    this.#running.set(folder, run);
    return run;
  }
}

async function fsyncFolder(path: string): Promise<void> {
  const folder = openSync(path, "r");
  try {
    await flush(folder);
  } finally {
    closeSync(folder);
  }
}
