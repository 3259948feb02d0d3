import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Ballast } from "./ballast.ts";

/** How often the free space is looked at. */
const INTERVAL_MS = 1_000;
/** A job's folder is measured this often at most, and for at most a twentieth of the time. */
const MEASURE_MS = 5_000;
const DUTY = 20;
/** Below this much free space the job that wrote the most is ended, for the others' sake. */
const RESERVE_BYTES = 256 * 2 ** 20;
const RESERVE_SHARE = 0.01;

/** A running job, as far as its use of the disk goes. */
export interface WatchedJob {
  readonly jobId: string;
  /** What it may write, in bytes. */
  readonly limit: number;
  /** Folders and files that grow with what it writes. */
  readonly paths: readonly string[];
  /** Bytes that it wrote elsewhere. */
  readonly elsewhere?: () => Promise<number>;
}

interface Watched extends WatchedJob {
  bytes: number;
  measureAt: number;
}

/**
 * Bounds what jobs write where the kernel does not: looks now and then, and says which job is over its limit, or fills the
 * disk. A job that writes fast is over its limit for some seconds before it is seen.
 */
export class UsageWatch {
  readonly #folder: string;
  readonly #onOver: (jobId: string) => Promise<void>;
  readonly #onProblem: (error: unknown) => void;
  readonly #signal: AbortSignal;
  readonly #jobs = new Map<string, Watched>();
  readonly #ballast: Ballast;
  #hasLooked = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param folder on the disk that jobs write to; a file whose name begins with a dot is kept in it */
  constructor(
    folder: string,
    options: {
      readonly onOver: (jobId: string) => Promise<void>;
      /** Told of a look that failed; the next one comes. */
      readonly onProblem: (error: unknown) => void;
      readonly signal: AbortSignal;
    },
  ) {
    this.#folder = folder;
    this.#ballast = new Ballast(join(folder, ".ballast"));
    this.#onOver = options.onOver;
    this.#onProblem = options.onProblem;
    this.#signal = options.signal;
  }

  add(job: WatchedJob): void {
    if (this.#jobs.has(job.jobId)) return;
    this.#jobs.set(job.jobId, { ...job, bytes: 0, measureAt: Date.now() + MEASURE_MS });
    this.#schedule();
  }

  remove(jobId: string): void {
    this.#jobs.delete(jobId);
  }

  #schedule(): void {
    if (this.#timer !== null || this.#jobs.size === 0 || this.#signal.aborted) return;
    const wait = this.#hasLooked ? INTERVAL_MS : 0;
    this.#hasLooked = true;
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch(this.#onProblem)
        .finally(() => {
          this.#timer = null;
          this.#schedule();
        });
    }, wait);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#folder);
    const [free, size] = [bavail * bsize, blocks * bsize];
    const scarce = free < Math.min(RESERVE_BYTES, size * RESERVE_SHARE);
    if (scarce) await this.#ballast.release();
    else await this.#ballast.keep({ free, size });
    for (const job of this.#jobs.values()) {
      if (!scarce && Date.now() < job.measureAt) continue;
      const begun = Date.now();
      const parts = [...job.paths.map(bytesWritten), job.elsewhere?.() ?? 0];
      job.bytes = (await Promise.all(parts)).reduce((sum, bytes) => sum + bytes, 0);
      job.measureAt = Date.now() + Math.max(MEASURE_MS, DUTY * (Date.now() - begun));
      if (job.bytes > job.limit) await this.#end(job.jobId);
    }
    if (!scarce) return;
    const [largest] = [...this.#jobs.values()].toSorted((a, b) => b.bytes - a.bytes);
    if (largest !== undefined) await this.#end(largest.jobId);
  }

  async #end(jobId: string): Promise<void> {
    this.#jobs.delete(jobId);
    await this.#onOver(jobId);
  }
}

/** Bytes on the disk of a file or of all in a folder; a file with several names, as linked inputs are, is not the job's. */
async function bytesWritten(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.nlink > 1 ? 0 : found.blocks * 512;
  let bytes = found.blocks * 512;
  for (const name of await readdir(path).catch(() => [])) bytes += await bytesWritten(join(path, name));
  return bytes;
}
