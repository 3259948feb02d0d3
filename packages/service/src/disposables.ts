/** What was opened, closed in the opposite order; once, however often it is asked for. */
export class Disposables {
  readonly #closers: (() => unknown)[] = [];
  #disposing: Promise<void> | null = null;

  use<Resource extends Disposable | AsyncDisposable>(resource: Resource): Resource {
    this.#closers.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes all even where one fails; then throws the first failure. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse())
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }
}
