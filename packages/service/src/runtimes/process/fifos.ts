import { execFile } from "node:child_process";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { TOOL_ENVIRONMENT } from "./recipes.ts";

/** FIFOs that one run of mkfifo makes: Node cannot make them, and a process each would cost every job some milliseconds. */
const BATCH = 64;

/** A stock of FIFOs on the disk of the jobs. Everyone may open one who reaches it: its folder decides. */
export class Fifos {
  readonly #folder: string;
  #stock: string[] = [];
  #batches = 0;
  #filling: Promise<void> | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param folder a new folder */
  static async open(folder: string): Promise<Fifos> {
    const fifos = new Fifos(folder);
    await fifos.#fill();
    return fifos;
  }

  /** Puts a new FIFO at the path, over what is there. */
  async place(path: string): Promise<void> {
    for (;;) {
      const next = this.#stock.pop();
      if (next === undefined) {
        await this.#fill();
        continue;
      }
      if (this.#stock.length === BATCH / 2) void this.#fill();
      if (await move(next, path)) return;
    }
  }

  /** One run at a time; who comes meanwhile waits for it. */
  async #fill(): Promise<void> {
    this.#filling ??= this.#make().finally(() => {
      this.#filling = null;
    });
    await this.#filling;
  }

  async #make(): Promise<void> {
    this.#batches += 1;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = Array.from({ length: BATCH }, (_, index) =>
      join(this.#folder, `${this.#batches}-${index}`),
    );
    await promisify(execFile)("mkfifo", ["-m", "666", ...names], { env: TOOL_ENVIRONMENT });
    this.#stock = [...this.#stock, ...names];
  }
}

/** false when another service on the same folder, started since, cleared the stock away. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
}
