import { readFile, rename, writeFile } from "node:fs/promises";
import type { LogFrame } from "./log-frames.ts";

/** Seconds: of two streams' lines the later one may stand first in a log, by less than this. */
const MARGIN = 3;

/** What is written down of a position. */
export interface NotedPosition {
  /** epoch seconds; 0: from the start */
  readonly since: number;
  /** bytes of the frames older than `since` */
  readonly before: number;
  /** Names the log's first frame; "" while none is known. Another one later: the daemon dropped the beginning. */
  readonly first: string;
}

/**
 * How far a log was read, so that it can be read again from `since` on: `before` counts the bytes of all frames that are
 * older. What a file holds beyond those is how much of the repeated frames is to be passed over.
 */
export class LogPosition {
  #since: number;
  #before: number;
  #first: string;
  #latest = 0;
  readonly #bytes = new Map<number, number>();
  /** When the line began that a stream is in the middle of: its further pieces have that time too. */
  readonly #begun = { stdout: Number.POSITIVE_INFINITY, stderr: Number.POSITIVE_INFINITY };

  constructor({ since, before, first }: NotedPosition = { since: 0, before: 0, first: "" }) {
    this.#since = since;
    this.#before = before;
    this.#first = first;
  }

  get noted(): NotedPosition {
    return { since: this.#since, before: this.#before, first: this.#first };
  }

  /** Tells the name of the first frame that was read from `since` on. */
  begin(frame: string | null): void {
    if (this.#since === 0 && this.#first === "") this.#first = frame ?? "";
  }

  add({ stream, second, bytes, goesOn }: LogFrame): void {
    if (second < this.#since) this.#before += bytes.length;
    else this.#bytes.set(second, (this.#bytes.get(second) ?? 0) + bytes.length);
    this.#latest = Math.max(this.#latest, second);
    this.#begun[stream] = goesOn ? Math.min(second, this.#begun[stream]) : Number.POSITIVE_INFINITY;
  }

  /** Moves `since` forward as far as nothing older can come. Returns whether it moved. */
  settle(): boolean {
    const since = Math.min(this.#latest - MARGIN, this.#begun.stdout, this.#begun.stderr);
    if (since <= this.#since) return false;
    for (const [second, bytes] of this.#bytes) {
      if (second >= since) continue;
      this.#before += bytes;
      this.#bytes.delete(second);
    }
    this.#since = since;
    return true;
  }
}

/** What a position's file holds; null where there is none, or it is of a longer output than is there. */
export async function readPosition(
  path: string,
  { size }: { readonly size: number },
): Promise<LogPosition | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const [, since, before, first] = /^(\d+) (\d+) (\S*)\n$/.exec(text) ?? [];
  if (since === undefined || before === undefined || first === undefined || Number(before) > size)
    return null;
  return new LogPosition({ since: Number(since), before: Number(before), first });
}

export async function writePosition(path: string, { since, before, first }: NotedPosition): Promise<void> {
  await writeFile(`${path}.new`, `${since} ${before} ${first}\n`);
  await rename(`${path}.new`, path);
}
