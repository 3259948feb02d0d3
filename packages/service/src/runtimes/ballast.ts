import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";

const LARGEST_BYTES = 8 * 2 ** 20;
const SHARE = 1 / 16;

/**
 * A file that takes space until a disk is full and then gives it back: where a job left not a byte, its end could not be
 * recorded, and what it wrote not be removed.
 */
export class Ballast {
  readonly #file: string;
  #isKept = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Takes the space, where that leaves enough. */
  async keep({ free, size }: { readonly free: number; readonly size: number }): Promise<void> {
    const bytes = Math.floor(Math.min(LARGEST_BYTES, size * SHARE));
    if (this.#isKept || free < 3 * bytes) return;
    try {
      // random: file systems that compress keep zeros for nothing
      await writeFile(this.#file, randomBytes(bytes), { mode: 0o600 });
      this.#isKept = true;
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await rm(this.#file, { force: true });
    this.#isKept = false;
  }
}
