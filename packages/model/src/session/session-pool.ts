import type { Tensor } from "../tensor.ts";
import { type RunOptions, Session } from "./session.ts";

export interface PoolSettings {
  /** Sessions of the model, each in its own thread with its own copy of the weights. */
  readonly sessions: number;
  /** Threads of one operator in each. */
  readonly threads: number;
}

/** Sessions of one model; a run goes to the least busy one. */
export class SessionPool implements AsyncDisposable {
  readonly #sessions: Session[] = [new Session()];

  /**
   * Opens the model.
   * @throws MODEL_BROKEN, RUNTIME_UNAVAILABLE, INTERRUPTED
   */
  async open(path: string, { sessions, threads }: PoolSettings, signal?: AbortSignal): Promise<void> {
    while (this.#sessions.length < sessions) this.#sessions.push(new Session());
    await Promise.all(this.#sessions.map((session) => session.open(path, { threads }, { signal })));
  }

  /** Runs that can go on at the same time. */
  get size(): number {
    return this.#sessions.length;
  }

  /** @throws MODEL_RUN, INTERRUPTED */
  async run(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
    options: RunOptions = {},
  ): Promise<Readonly<Record<string, Tensor>>> {
    const [first, ...others] = this.#sessions;
    if (first === undefined) throw new RangeError("a pool has at least one session");
    const idlest = others.reduce((best, session) => (session.load < best.load ? session : best), first);
    return await idlest.run(inputs, outputs, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
