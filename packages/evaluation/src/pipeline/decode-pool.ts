import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";
import type { DecodeAnswer, DecodedPicture, DecodeTask } from "./decode-task.ts";

const WORKER = createRequire(import.meta.url).resolve("@fieldmark/evaluation/decode-worker");

interface Waiting {
  readonly worker: Worker;
  resolve(picture: DecodedPicture): void;
  reject(error: unknown): void;
}

/** Threads that decode and resize pictures. Close it when done. */
export class DecodePool implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #load = new Map<Worker, number>();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  /** @param threads ≥ 1 */
  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => this.#start());
  }

  /**
   * One picture, preprocessed by each recipe; given to the least busy thread.
   * @throws IMAGE_BROKEN, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, FILE_UNREADABLE
   */
  decode(path: string, file: string, recipes: readonly Preprocessing[]): Promise<DecodedPicture> {
    const worker = this.#leastBusy();
    const task: DecodeTask = { id: this.#nextId++, path, file, recipes };
    return new Promise((resolve, reject) => {
      this.#waiting.set(task.id, { worker, resolve, reject });
      this.#load.set(worker, (this.#load.get(worker) ?? 0) + 1);
      worker.postMessage(task);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(WORKER);
    worker.unref();
    worker.on("message", (answer: DecodeAnswer) => this.#settle(answer));
    worker.on("error", (error) => this.#fail(worker, error));
    worker.on("exit", () => this.#fail(worker, new Error("a decode thread ended")));
    return worker;
  }

  #leastBusy(): Worker {
    let best = this.#workers[0];
    for (const worker of this.#workers) {
      if (best === undefined || (this.#load.get(worker) ?? 0) < (this.#load.get(best) ?? 0)) best = worker;
    }
    if (best === undefined) throw new RangeError("a decode pool needs at least one thread");
    return best;
  }

  #settle(answer: DecodeAnswer): void {
    const waiting = this.#take(answer.id);
    if (waiting === undefined) return;
    if (answer.ok) waiting.resolve(answer);
    else if ("error" in answer) waiting.reject(FieldmarkError.fromTransfer(answer.error));
    else waiting.reject(new Error(answer.bug));
  }

  #fail(worker: Worker, error: unknown): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.worker === worker) this.#take(id)?.reject(error);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#load.set(waiting.worker, (this.#load.get(waiting.worker) ?? 1) - 1);
    return waiting;
  }
}
