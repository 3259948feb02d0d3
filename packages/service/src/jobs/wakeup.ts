/** ms; what setTimeout takes */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Something to wait for that may be said before anybody waits: it is then not missed. */
export class Wakeup {
  #said = false;
  #wake: (() => void) | null = null;

  notify(): void {
    this.#said = true;
    this.#wake?.();
  }

  /** Returns when notified, after `milliseconds`, or when the signal is aborted; never throws. For one waiter at a time. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#said && !signal.aborted) {
      const { promise, resolve } = resolvable();
      const timer = setTimeout(resolve, Math.max(0, Math.min(milliseconds, LONGEST_TIMER)));
      signal.addEventListener("abort", resolve, { once: true });
      this.#wake = resolve;
      await promise;
      this.#wake = null;
      clearTimeout(timer);
      signal.removeEventListener("abort", resolve);
    }
    this.#said = false;
  }
}

function resolvable(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
