/** Bytes of one layer. */
interface Layer {
  readonly current: number;
  readonly total: number;
}

const MB = 1_000_000;
/** Of what is to be downloaded: a line each time that it passes another of so many parts. */
const PARTS = 20;

/** Turns the events of a pull into lines: how much of all layers is here. */
export class PullProgress {
  readonly #reference: string;
  readonly #layers = new Map<string, Layer>();
  #told = "";

  constructor(reference: string) {
    this.#reference = reference;
  }

  /** A line when there is something new to say; else null. */
  take(event: unknown): string | null {
    const { id, status, progressDetail } = event as {
      readonly id?: unknown;
      readonly status?: unknown;
      readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown };
    };
    if (typeof id !== "string" || typeof status !== "string") return null;
    const { current, total } = progressDetail ?? {};
    const known = this.#layers.get(id);
    if (status === "Downloading" && typeof current === "number" && typeof total === "number") {
      this.#layers.set(id, { current, total });
    } else if (status === "Download complete" && known !== undefined) {
      this.#layers.set(id, { current: known.total, total: known.total });
    } else return null;
    return this.#line();
  }

  #line(): string | null {
    const sum = (pick: (layer: Layer) => number) =>
      [...this.#layers.values()].reduce((all, layer) => all + pick(layer), 0);
    const current = sum((layer) => layer.current);
    const total = sum((layer) => layer.total);
    const part = `${total}: ${Math.floor((current / total) * PARTS)}`;
    if (part === this.#told) return null;
    this.#told = part;
    return `pulling ${this.#reference}: ${(current / MB).toFixed(0)} of ${(total / MB).toFixed(0)} MB`;
  }
}
