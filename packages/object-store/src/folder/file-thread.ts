import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { FileAnswer, FileOrder } from "./file-orders.ts";

type OmitId<Order> = Order extends unknown ? Omit<Order, "id"> : never;

interface Waiting {
  resolve(md5: string | null): void;
  reject(error: unknown): void;
}

/** A thread that reads and writes large files at once, without a turn through the thread pool for every piece. */
export class FileThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #lastId = 0;

  /** Something that orders are given for until it is done. */
  begin(): FileWork {
    const id = ++this.#lastId;
    const done = new Promise<string | null>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // asked for at the end
    done.catch(() => {});
    return {
      done,
      order: (order) => {
        if (this.#waiting.has(id)) this.#send({ id, ...order });
      },
      [Symbol.dispose]: () => {
        if (this.#waiting.delete(id)) this.#send({ id, kind: "forget" });
      },
    };
  }

  #send(order: FileOrder): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
    this.#holdOpen(this.#worker);
  }

  /** It keeps the process alive only while somebody waits. */
  #holdOpen(worker: Worker): void {
    if (this.#waiting.size > 0) worker.ref();
    else worker.unref();
  }

  #start(): Worker {
    const entry = createRequire(import.meta.url).resolve("@fieldmark/object-store/file-worker");
    const worker = new Worker(entry, { execArgv: [] });
    worker.on("message", (answer: FileAnswer) => {
      const asked = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      this.#holdOpen(worker);
      if ("md5" in answer) asked?.resolve(answer.md5);
      else asked?.reject(Object.assign(new Error(answer.problem.message), { code: answer.problem.code }));
    });
    const onEnd = (error: unknown) => {
      // an exit follows an error: by then others may wait for the next thread
      if (this.#worker !== worker) return;
      this.#worker = null;
      const left = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of left) reject(error);
    };
    worker.on("error", onEnd);
    worker.on("exit", (code) => onEnd(new Error(`the thread for files ended with code ${code}`)));
    return worker;
  }
}

/** Disposal gives it up: files may go then. */
export interface FileWork extends Disposable {
  /** The answer: an MD5, or null. */
  readonly done: Promise<string | null>;
  readonly order: (order: OmitId<FileOrder>) => void;
}
