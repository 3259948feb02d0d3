/** Mutual exclusion by name, first come first served. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(name: string, action: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const { promise: done, resolve } = latch();
    const tail = before === undefined ? done : before.then(() => done);
    this.#tails.set(name, tail);
    try {
      if (before !== undefined) await before;
      return await action();
    } finally {
      resolve();
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}

function latch(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
