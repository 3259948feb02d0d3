import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { DecodeAnswer, DecodeClose, DecodedPicture, DecodeTarget, DecodeTask } from "./decode-task.ts";

const WORKER = createRequire(import.meta.url).resolve("@fieldmark/evaluation/decode-worker");

/** A task without its number. */
type Ask = DecodeTask extends infer T ? (T extends { id: number } ? Omit<T, "id"> : never) : never;

interface Waiting {
  readonly worker: Worker;
  resolve(answer: DecodeAnswer): void;
  reject(error: unknown): void;
}

/** Threads that decode and resize pictures; they start at once. Close it when done. */
export class DecodePool implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #load = new Map<Worker, number>();
  readonly #waiting = new Map<number, Waiting>();
  /** Why threads ended, by thread: what they are asked after that would never be answered. */
  readonly #ended = new Map<Worker, unknown>();
  #nextId = 0;

  /** @param threads ≥ 1 */
  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => this.#start());
  }

  /**
   * Decodes one picture and writes what each recipe makes of it.
   * @throws IMAGE_BROKEN, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, FILE_UNREADABLE
   */
  async decode(path: string, file: string, targets: readonly DecodeTarget[]): Promise<DecodedPicture> {
    const answer = await this.#ask({ kind: "decode", path, file, targets });
    if (!("picture" in answer)) throw new TypeError("a decode thread answered something else");
    return answer.picture;
  }

  /** A small square of a picture as WebP; null where it cannot be read. */
  async thumbnail(path: string): Promise<Uint8Array | null> {
    const answer = await this.#ask({ kind: "thumbnail", path });
    if (!("thumbnail" in answer)) throw new TypeError("a decode thread answered something else");
    return answer.thumbnail;
  }

  /** Asks the threads to end: terminating one while native code decodes in it can abort the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (this.#ended.has(worker)) return;
        const exited = new Promise((resolve) => worker.once("exit", resolve));
        worker.ref();
        worker.postMessage({ kind: "close" } satisfies DecodeClose);
        await exited;
      }),
    );
  }

  /** Given to the least busy thread. */
  #ask(ask: Ask): Promise<DecodeAnswer> {
    const worker = this.#leastBusy();
    const task = { ...ask, id: this.#nextId++ } as DecodeTask;
    return new Promise((resolve, reject) => {
      if (this.#ended.has(worker)) return reject(this.#ended.get(worker));
      this.#waiting.set(task.id, { worker, resolve, reject });
      this.#load.set(worker, (this.#load.get(worker) ?? 0) + 1);
      worker.postMessage(task);
    });
  }

  #start(): Worker {
    // No flags of this process: under a test runner they name a condition that resolves to sources.
    const worker = new Worker(WORKER, { execArgv: [] });
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
    if ("error" in answer) waiting?.reject(FieldmarkError.fromTransfer(answer.error));
    else if ("bug" in answer) waiting?.reject(new Error(answer.bug));
    else waiting?.resolve(answer);
  }

  #fail(worker: Worker, error: unknown): void {
    if (!this.#ended.has(worker)) this.#ended.set(worker, error);
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
