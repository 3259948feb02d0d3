import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Md5Answer, Md5Order } from "./md5-messages.ts";

interface Waiting {
  resolve(md5: Buffer): void;
  reject(error: unknown): void;
}

let worker: Worker | null = null;
let lastId = 0;
const waiting = new Map<number, Waiting>();

/**
 * The MD5 of a file that is still being written, taken in a thread of its own, which reads behind the writer: MD5 is slower
 * than everything else that becomes of a large body, and cannot be divided.
 */
export class Md5Behind implements Disposable {
  readonly #path: string;
  readonly #id: number;
  readonly #done: Promise<Buffer>;

  constructor(path: string) {
    this.#path = path;
    this.#id = ++lastId;
    this.#done = new Promise((resolve, reject) => waiting.set(this.#id, { resolve, reject }));
    // asked for at the end
    this.#done.catch(() => {});
  }

  /** The file's first `size` bytes are written and stay as they are. */
  grown(size: number): void {
    if (waiting.has(this.#id)) this.#order(size, false);
  }

  /** @returns 16 bytes @throws what reading the file throws */
  async digest(size: number): Promise<Buffer> {
    if (waiting.has(this.#id)) this.#order(size, true);
    return await this.#done;
  }

  /** After an end without a digest the file may go. */
  [Symbol.dispose](): void {
    if (waiting.delete(this.#id)) send({ id: this.#id, kind: "forget" });
  }

  #order(size: number, isWhole: boolean): void {
    send({ id: this.#id, kind: "hash", path: this.#path, size, isWhole });
  }
}

function send(order: Md5Order): void {
  worker ??= start();
  worker.postMessage(order);
  // it keeps the process alive only while somebody waits
  if (waiting.size > 0) worker.ref();
  else worker.unref();
}

function start(): Worker {
  const entry = createRequire(import.meta.url).resolve("@fieldmark/object-store/md5-worker");
  const started = new Worker(entry, { execArgv: [] });
  started.on("message", (answer: Md5Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) started.unref();
    if ("md5" in answer) asked?.resolve(Buffer.from(answer.md5, "hex"));
    else asked?.reject(Object.assign(new Error(answer.problem.message), { code: answer.problem.code }));
  });
  const onEnd = (error: unknown) => {
    if (worker === started) worker = null;
    const left = [...waiting.values()];
    waiting.clear();
    for (const { reject } of left) reject(error);
  };
  started.on("error", onEnd);
  started.on("exit", (code) => onEnd(new Error(`the thread that takes MD5s ended with code ${code}`)));
  return started;
}
