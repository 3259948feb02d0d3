import { setTimeout as pause } from "node:timers/promises";
import { FieldmarkError } from "@fieldmark/contract";
import type Docker from "dockerode";
import { isUnreachable } from "./docker-errors.ts";

/** ms until a daemon that is away is asked again: doubled from the first to the last */
const RETRY = { first: 100, last: 2_000 } as const;

/** Why nothing goes on. */
export interface Trouble {
  readonly reason: string;
  /** epoch milliseconds */
  readonly since: number;
}

/**
 * A daemon that may be away for a while: what is asked of it waits until it answers. That a request was broken off says
 * nothing of whether it was carried out, so that each is written to be made again.
 */
export class Daemon {
  readonly docker: Docker;
  readonly #address: string;
  readonly #signal: AbortSignal;
  readonly #onProblem: (error: unknown) => void;
  #trouble: Trouble | null = null;

  constructor(
    docker: Docker,
    options: {
      /** Where it listens, for messages. */
      readonly address: string;
      /** Ends all waiting. */
      readonly signal: AbortSignal;
      /** Told once each time that the daemon is away. */
      readonly onProblem: (error: unknown) => void;
    },
  ) {
    this.docker = docker;
    this.#address = options.address;
    this.#signal = options.signal;
    this.#onProblem = options.onProblem;
  }

  /** Why nothing goes on at the moment; null while the daemon answers. */
  get trouble(): Trouble | null {
    return this.#trouble;
  }

  /**
   * @param request made again until the daemon answers
   * @throws what the daemon answered; the signals' reasons
   */
  async ask<T>(
    request: (docker: Docker) => Promise<T>,
    { signal, onWait }: { readonly signal?: AbortSignal; readonly onWait?: (why: string) => void } = {},
  ): Promise<T> {
    const ends = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
    for (let wait: number = RETRY.first; ; wait = Math.min(2 * wait, RETRY.last)) {
      ends.throwIfAborted();
      try {
        const answer = await request(this.docker);
        this.#trouble = null;
        return answer;
      } catch (error) {
        ends.throwIfAborted();
        if (!isAway(error)) {
          this.#trouble = null;
          throw error;
        }
        this.#note(error);
        onWait?.(this.#trouble?.reason ?? "");
      }
      await pause(wait, undefined, { signal: ends }).catch(() => ends.throwIfAborted());
    }
  }

  #note(error: unknown): void {
    if (this.#trouble !== null) return;
    const words = error instanceof Error ? error.message : String(error);
    const reason = `the Docker daemon at ${this.#address} does not answer (${words}); jobs wait for it`;
    this.#trouble = { reason, since: Date.now() };
    this.#onProblem(new FieldmarkError("DOCKER_UNREACHABLE", reason, {}, error));
  }
}

const isAway = (error: unknown): boolean =>
  isUnreachable(error) || (error instanceof FieldmarkError && error.code === "DOCKER_UNREACHABLE");
