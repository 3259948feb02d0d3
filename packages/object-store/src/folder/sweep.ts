import type { Bodies } from "./bodies.ts";
import { identityOf, type Sidecars } from "./sidecars.ts";

/** Bodies looked at between two turns of the event loop's other work. */
const AT_ONCE = 16;

export interface SweepDeps {
  readonly bodies: Bodies;
  readonly sidecars: Sidecars;
}

/**
 * Removes sidecars whose bodies are gone (a crash came between), and gives sidecars back to bodies that were copied here
 * with their times (a restored backup has other inodes). Only sidecars that were there at the start are looked at: the
 * newer ones may precede their bodies.
 */
export class Sweep {
  readonly #deps: SweepDeps;
  readonly #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  /** Resolves when it is known what was there; goes on in the background. */
  async start(): Promise<void> {
    const found = await this.#deps.sidecars.list();
    this.#work = this.#sweep(found);
    this.#work.catch(() => {});
  }

  done(): Promise<void> {
    return this.#work;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async #sweep(found: readonly { readonly bucket: string; readonly identity: string }[]): Promise<void> {
    for (let i = 0; i < found.length && !this.#stop.signal.aborted; i += AT_ONCE) {
      await Promise.all(found.slice(i, i + AT_ONCE).map((one) => this.#check(one.bucket, one.identity)));
    }
  }

  async #check(bucket: string, identity: string): Promise<void> {
    const { bodies, sidecars } = this.#deps;
    const sidecar = await sidecars.read(bucket, identity);
    if (sidecar === null) return;
    await bodies.lock({ bucket, key: sidecar.key }, async () => {
      const body = await bodies.find({ bucket, key: sidecar.key });
      if (body === null) return await sidecars.remove(bucket, identity);
      const now = identityOf(body.status);
      if (now === identity) return;
      const restored = now.slice(now.indexOf("-")) === identity.slice(identity.indexOf("-"));
      if (restored && (await sidecars.read(bucket, now)) === null) await sidecars.move(bucket, identity, now);
      else await sidecars.remove(bucket, identity);
    });
  }
}
