import type { CacheEntry, ImportCache } from "./cache/import-cache.ts";
import { importInWorker } from "./import-in-worker.ts";
import type { LoadStep } from "./import-messages.ts";
import type { ImportRecord } from "./import-record.ts";

export interface PendingImportOptions {
  readonly path: string;
  readonly signature: string | undefined;
  readonly cache: ImportCache<ImportRecord>;
  readonly keyOf: (record: ImportRecord) => string;
  readonly signal: AbortSignal | undefined;
  readonly onStep: ((step: LoadStep) => void) | undefined;
}

/**
 * An import that runs before it is known to be needed: reading a model takes as long as looking up its digest, and
 * they are done at the same time. Its steps and errors are told, and its entry added, only when it is wanted.
 */
export class PendingImport {
  readonly #abandoned = new AbortController();
  readonly #entry: Promise<CacheEntry<ImportRecord>>;
  readonly #onStep: PendingImportOptions["onStep"];
  readonly #steps: LoadStep[] = [];
  #isWanted = false;
  #decide: (isWanted: boolean) => void = () => {};

  constructor({ path, signature, cache, keyOf, signal, onStep }: PendingImportOptions) {
    this.#onStep = onStep;
    const decided = new Promise<boolean>((resolve) => {
      this.#decide = resolve;
    });
    const signals = [this.#abandoned.signal, ...(signal === undefined ? [] : [signal])];
    this.#entry = cache.add(keyOf, async (folder) => {
      const filled = await importInWorker(
        { path, signature, folder },
        {
          signal: AbortSignal.any(signals),
          onStep: (step) => (this.#isWanted ? onStep?.(step) : this.#steps.push(step)),
        },
      );
      if (await decided) return filled;
      throw new Error("an import that nobody wanted");
    });
    this.#entry.catch(() => {}); // thrown again where it is wanted
  }

  /** The entry, once it is made. */
  async entry(): Promise<CacheEntry<ImportRecord>> {
    this.#isWanted = true;
    for (const step of this.#steps.splice(0)) this.#onStep?.(step);
    this.#decide(true);
    return await this.#entry;
  }

  /** Ends it unless it is made, and waits until nothing of it is left. */
  async abandon(): Promise<void> {
    this.#decide(false);
    this.#abandoned.abort();
    await Promise.allSettled([this.#entry]);
  }
}
