import { setTimeout as sleep } from "node:timers/promises";
import { FieldmarkError } from "@fieldmark/contract";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Pauses between questions: 100 ms, doubled up to 2 s, and 100 ms again once something has happened. */
export class Pauses {
  #next = FIRST_PAUSE_MS;

  reset(): void {
    this.#next = FIRST_PAUSE_MS;
  }

  /** @throws INTERRUPTED */
  async wait(signal?: AbortSignal): Promise<void> {
    const pause = this.#next;
    this.#next = Math.min(pause * 2, LONGEST_PAUSE_MS);
    await pauseFor(pause, signal);
  }
}

/** @throws INTERRUPTED */
export async function pauseFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw new FieldmarkError("INTERRUPTED", "the pause was interrupted", {}, cause);
  }
}
