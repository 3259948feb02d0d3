import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { Tensor } from "../tensor.ts";
import { forbidTelemetry } from "./forbid-telemetry.ts";
import type { SessionAnswer, SessionRequest, SessionSettings } from "./messages.ts";

type Outputs = Readonly<Record<string, Tensor>>;

/** A request without its number. */
type Ask = SessionRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

interface Waiting {
  readonly ask: Ask;
  readonly transfer: readonly ArrayBuffer[];
  resolve(outputs: Outputs): void;
  reject(error: unknown): void;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Buffers of the inputs that the worker may keep; they are detached here. Other buffers are copied. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/**
 * One onnxruntime session in a worker thread of its own. Requests run one after the other; the thread that calls
 * stays free. Starting the thread and loading onnxruntime begin in the constructor, before there is a model.
 */
export class Session implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  readonly #queue: Waiting[] = [];
  #running: Waiting | null = null;
  #nextId = 0;
  #ended: FieldmarkError | null = null;

  constructor() {
    forbidTelemetry();
    const entry = createRequire(import.meta.url).resolve("@fieldmark/model/session-worker");
    // No flags of this process: under a test runner they name a condition that resolves to sources.
    this.#worker = new Worker(entry, { execArgv: [] });
    this.#worker.unref();
    this.#exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#worker.on("message", (answer: SessionAnswer) => this.#settle(answer));
    this.#worker.on("error", (cause) => this.#end(`its thread failed: ${cause.message}`, cause));
    this.#worker.on("exit", (code) => this.#end(`its thread ended with code ${code}`));
  }

  /**
   * Opens an ONNX file; weights beside it are mapped.
   * @throws MODEL_BROKEN when onnxruntime refuses it; RUNTIME_UNAVAILABLE when there is no onnxruntime here;
   *   INTERRUPTED
   */
  async open(path: string, settings: SessionSettings, options: RunOptions = {}): Promise<void> {
    await this.#send({ kind: "open", path, settings }, options);
  }

  /**
   * Runs the model once.
   *
   * @param inputs  by the names of the graph
   * @param outputs names of the graph's values that are wanted
   * @throws MODEL_RUN; INTERRUPTED as soon as the signal aborts (a run that has begun ends unseen)
   */
  async run(inputs: Outputs, outputs: readonly string[], options: RunOptions = {}): Promise<Outputs> {
    return await this.#send({ kind: "run", inputs, outputs }, options);
  }

  /** Requests that wait or run. */
  get load(): number {
    return this.#queue.length + (this.#running === null ? 0 : 1);
  }

  /**
   * Ends the thread once the request that runs is done; the ones that wait fail. The thread is asked, never
   * terminated: onnxruntime aborts the whole process when its thread is taken away while it works or loads.
   */
  async close(): Promise<void> {
    this.#end("it was closed");
    this.#worker.ref();
    this.#worker.postMessage({ id: this.#nextId++, kind: "close" } satisfies SessionRequest);
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(ask: Ask, { signal, transfer = [] }: RunOptions = {}): Promise<Outputs> {
    if (signal?.aborted === true) return Promise.reject(interrupted());
    return new Promise<Outputs>((resolve, reject) => {
      if (this.#ended !== null) return reject(this.#ended);
      const waiting: Waiting = {
        ask,
        transfer,
        resolve: (outputs) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(outputs);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
        waiting.reject(interrupted());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== null) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) {
      if (this.#ended === null) this.#worker.unref();
      return;
    }
    this.#running = waiting;
    this.#worker.ref();
    const request = { ...waiting.ask, id: this.#nextId++ } as SessionRequest;
    this.#worker.postMessage(request, [...waiting.transfer]);
  }

  #settle(answer: SessionAnswer): void {
    const waiting = this.#running;
    this.#running = null;
    this.#next();
    if ("error" in answer) waiting?.reject(FieldmarkError.fromTransfer(answer.error));
    else waiting?.resolve(answer.outputs);
  }

  #end(how: string, cause?: unknown): void {
    if (this.#ended !== null) return;
    this.#ended = new FieldmarkError("MODEL_RUN", `the model's session is gone: ${how}`, {}, cause);
    const waiting = this.#running === null ? this.#queue : [this.#running, ...this.#queue];
    for (const { reject } of waiting) reject(this.#ended);
    this.#queue.length = 0;
    this.#running = null;
  }
}

function interrupted(): FieldmarkError {
  return new FieldmarkError("INTERRUPTED", "interrupted while the model was opened or ran");
}
