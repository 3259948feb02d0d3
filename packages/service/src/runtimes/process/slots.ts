import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";
import { jobFiles, jobsFolder } from "./job-files.ts";

/** So many jobs have numbers, and with them user ids and addresses, at once. */
const SLOTS = 16_000;
/** So many instances a job has addresses for. */
const HOSTS = 1_024;

/** Numbers of the live jobs of a data folder, each in its job's folder, so that they are known after a crash. */
export class Slots {
  readonly #dataFolder: string;
  readonly #taken: Map<string, number>;

  private constructor(dataFolder: string, taken: Map<string, number>) {
    this.#dataFolder = dataFolder;
    this.#taken = taken;
  }

  static async open(dataFolder: string): Promise<Slots> {
    await mkdir(jobsFolder(dataFolder), { recursive: true, mode: 0o700 });
    const taken = new Map<string, number>();
    for (const jobId of await readdir(jobsFolder(dataFolder))) {
      const text = await readFile(jobFiles(dataFolder, jobId).slot, "utf8").catch(() => "");
      if (/^\d+\n$/.test(text)) taken.set(jobId, Number(text));
    }
    return new Slots(dataFolder, taken);
  }

  /** The job's number; the same one until `free`. Its folder must exist. */
  async of(jobId: string): Promise<number> {
    const known = this.#taken.get(jobId);
    if (known !== undefined) return known;
    const used = new Set(this.#taken.values());
    // spread by the data folder too: two services on one machine hardly ever share a number
    const hash = createHash("sha256").update(`${this.#dataFolder}\0${jobId}`).digest().readUInt32BE();
    for (let step = 0; step < SLOTS; step += 1) {
      const slot = (hash + step) % SLOTS;
      if (used.has(slot)) continue;
      this.#taken.set(jobId, slot);
      await writeFile(jobFiles(this.#dataFolder, jobId).slot, `${slot}\n`);
      return slot;
    }
    throw new FieldmarkError("RUNTIME_REFUSED", `${SLOTS} jobs run already: no user id is left for another`);
  }

  free(jobId: string): void {
    this.#taken.delete(jobId);
  }
}

/** Loopback address of a job's instance: unique on this machine while its slot is. */
export function addressOf(slot: number, index: number): string {
  const number = (slot + 64) * HOSTS + index + 1;
  return `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}
