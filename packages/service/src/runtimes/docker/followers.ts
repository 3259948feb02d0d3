import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { followContainerLogs } from "./container-logs.ts";
import type { Daemon } from "./daemon.ts";

export interface FollowedContainer {
  readonly id: string;
  readonly jobId: string;
  /** The stream's file. */
  readonly log: string;
  readonly logPosition: string;
  /** Brings here what the container left, when it has ended. */
  readonly collect: () => Promise<void>;
}

interface Followed {
  readonly jobId: string;
  readonly stop: AbortController;
  hasEnded: boolean;
  failure: unknown;
}

/** Follows the output of running containers to its end. A container counts as ended when all that it printed is written. */
export class Followers {
  readonly #daemon: Daemon;
  readonly #signal: AbortSignal;
  readonly #onProblem: (error: unknown) => void;
  readonly #followed = new Map<string, Followed>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(options: {
    readonly daemon: Daemon;
    readonly signal: AbortSignal;
    readonly onProblem: (error: unknown) => void;
  }) {
    this.#daemon = options.daemon;
    this.#signal = options.signal;
    this.#onProblem = options.onProblem;
  }

  /**
   * Follows a container that was started, unless it is followed already.
   *
   * @returns whether it has ended and all it left is here
   * @throws why that could not be brought here, once
   */
  follow(container: FollowedContainer): boolean {
    const { id, jobId } = container;
    let followed = this.#followed.get(id);
    if (followed === undefined) {
      followed = { jobId, stop: new AbortController(), hasEnded: false, failure: null };
      this.#followed.set(id, followed);
      void this.#toTheEnd(container, followed);
    }
    const { failure } = followed;
    followed.failure = null;
    if (failure !== null) throw failure;
    return followed.hasEnded;
  }

  /** Calls `onEnd` whenever a container of the job has ended, or is gone. */
  onEnd(jobId: string, onEnd: () => void): Disposable {
    const listeners = this.#listeners.get(jobId) ?? new Set();
    this.#listeners.set(jobId, listeners);
    listeners.add(onEnd);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(onEnd);
        if (listeners.size === 0) this.#listeners.delete(jobId);
      },
    };
  }

  /** Lets go of a job's containers. */
  stop(jobId: string): void {
    for (const [id, followed] of this.#followed) {
      if (followed.jobId !== jobId) continue;
      followed.stop.abort(new Error("the job is removed"));
      this.#followed.delete(id);
    }
  }

  async #toTheEnd(
    { id, jobId, log, logPosition, collect }: FollowedContainer,
    followed: Followed,
  ): Promise<void> {
    const signal = AbortSignal.any([this.#signal, followed.stop.signal]);
    try {
      await mkdir(dirname(log), { recursive: true, mode: 0o700 });
      await followContainerLogs(this.#daemon.docker, id, {
        file: log,
        position: logPosition,
        signal,
        onProblem: this.#onProblem,
      }).catch((error: unknown) => {
        // lines that cannot be kept are no reason to lose outputs
        signal.throwIfAborted();
        this.#onProblem(error);
      });
      await collect();
    } catch (error) {
      if (signal.aborted) return;
      followed.failure = error;
    }
    followed.hasEnded = true;
    for (const onEnd of this.#listeners.get(jobId) ?? []) onEnd();
  }
}
