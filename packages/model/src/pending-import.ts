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
 * they are done at the same time. Nothing is told of its steps and errors until it is wanted.
 */
export class PendingImport {
  readonly #abandoned = new AbortController();
  readonly #entry: Promise<CacheEntry<ImportRecord>>;
  readonly #onStep: PendingImportOptions["onStep"];
  readonly #steps: LoadStep[] = [];
  #wanted = false;

  constructor({ path, signature, cache, keyOf, signal, onStep }: PendingImportOptions) {
    this.#onStep = onStep;
    const signals = [this.#abandoned.signal, ...(signal === undefined ? [] : [signal])];
    this.#entry = cache.add(keyOf, (folder) =>
      importInWorker(
        { path, signature, folder },
        {
          signal: AbortSignal.any(signals),
          onStep: (step) => (this.#wanted ? onStep?.(step) : this.#steps.push(step)),
        },
      ),
    );
    this.#entry.catch(() => {}); // thrown again where it is wanted
  }

  /** The entry, once it is made. */
  async entry(): Promise<CacheEntry<ImportRecord>> {
    this.#wanted = true;
    for (const step of this.#steps.splice(0)) this.#onStep?.(step);
    return await this.#entry;
  }

  /** Ends it, if it still runs, and waits until nothing of it is left. */
  async abandon(): Promise<void> {
    this.#abandoned.abort();
    await Promise.allSettled([this.#entry]);
  }
}
