import type { ServerResponse } from "node:http";
import type { LeaderWord, Patience, Progress } from "./exchange.ts";

/** What the leader knows of one worker. */
export class Worker {
  readonly number: number;
  readonly host: string;
  /** Called when it will not answer any more. */
  readonly wishes = new Set<() => void>();
  progress: Progress | null = null;
  hasDelivered = false;
  readonly #patience: Patience;
  #line: ServerResponse | null = null;
  #heardAt: number | null = null;
  /** When its connection ended; null while it stands, and before the first one. */
  #endedAt: number | null = null;

  constructor(number: number, host: string, patience: Patience) {
    this.number = number;
    this.host = host;
    this.#patience = patience;
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  /** The request that it holds open; a newer one takes the place of an older. */
  connect(line: ServerResponse, onEnd: () => void): void {
    this.#line?.end();
    this.#line = line;
    this.#endedAt = null;
    line.writeHead(200, { "content-type": "application/x-ndjson" });
    line.on("close", () => {
      if (this.#line !== line) return;
      this.#line = null;
      this.#endedAt = performance.now();
      for (const forget of [...this.wishes]) forget();
      onEnd();
    });
    this.tell({ kind: "alive" });
  }

  /** @returns false when it has no connection */
  tell(word: LeaderWord): boolean {
    if (this.#line === null) return false;
    this.#line.write(`${JSON.stringify(word)}\n`);
    return true;
  }

  beat(): void {
    const silent = performance.now() - (this.#heardAt ?? 0);
    if (this.#line !== null && !this.hasDelivered && silent > this.#patience.silence) this.#line.destroy();
    else this.tell({ kind: "alive" });
  }

  close(): void {
    this.#line?.end();
  }

  /** Its connection ended before its share was here. */
  get isGone(): boolean {
    return !this.hasDelivered && this.#endedAt !== null;
  }

  /** @param since when the leader had nothing else to do, performance.now() */
  isLost(since: number): boolean {
    if (this.hasDelivered || this.#line !== null) return false;
    const now = performance.now();
    return this.#endedAt === null
      ? now - since > this.#patience.first
      : now - this.#endedAt > this.#patience.return;
  }

  /** For an error. */
  get state(): string {
    if (this.#heardAt === null) return "it never reported";
    const far =
      this.progress === null || this.progress.total === 0
        ? "before it told of a picture"
        : `after ${this.progress.done} of ${this.progress.total} pictures`;
    return `its connection ended ${far}`;
  }
}
