import { createHash, randomUUID } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { FieldmarkError } from "@fieldmark/contract";
import { reason } from "../../dataset/text-file.ts";
import { shareText } from "../share-rows.ts";
import {
  AUTHORIZATION,
  EXCHANGE_PORT,
  type LeaderWord,
  PATIENCE,
  type Patience,
  SHARE_LIMIT,
} from "./exchange.ts";
import { readBody, readProgress } from "./read-body.ts";
import { Worker } from "./worker-state.ts";

export interface LeaderOptions {
  /** All instances of the job in the order of their shares; the first is the leader. */
  readonly hosts: readonly string[];
  /** Known to the job's instances alone. */
  readonly key: string;
  readonly port?: number;
  readonly patience?: Patience;
  /** Where a share goes that a worker sends. */
  fileOf(number: number): string;
}

/** The leader's end of the exchange: takes the workers' shares, and knows which worker is lost. */
export class ShareLeader implements AsyncDisposable {
  readonly #options: LeaderOptions;
  readonly #patience: Patience;
  readonly #workers: ReadonlyMap<number, Worker>;
  readonly #server: Server;
  readonly #wishes = new Map<number, (webp: Uint8Array | null) => void>();
  readonly #beat: NodeJS.Timeout;
  #changed = () => {};
  #nextWish = 1;

  private constructor(options: LeaderOptions) {
    const { hosts, patience = PATIENCE } = options;
    this.#options = options;
    this.#patience = patience;
    this.#workers = new Map(
      hosts.slice(1).map((host, index) => [index + 2, new Worker(index + 2, host, patience)]),
    );
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end(reason(error));
      });
    });
    this.#beat = setInterval(() => this.#onBeat(), patience.beat);
  }

  /**
   * Listens at the address that the job gives this instance's name.
   * @returns why not, where the job's instances have no such address: the shares are then merged elsewhere
   */
  static async listen(options: LeaderOptions): Promise<ShareLeader | string> {
    const [own = ""] = options.hosts;
    const leader = new ShareLeader(options);
    try {
      const { address } = await lookup(own);
      await new Promise<void>((resolve, reject) => {
        leader.#server.once("error", reject);
        leader.#server.listen(options.port ?? EXCHANGE_PORT, address, resolve);
      });
      return leader;
    } catch (cause) {
      await leader[Symbol.asyncDispose]();
      return `${own} cannot listen for the other instances: ${reason(cause)}`;
    }
  }

  /** Where it listens; tests let the system choose. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Workers whose shares are not here. */
  get waitingFor(): readonly string[] {
    return [...this.#workers.values()].filter((one) => !one.hasDelivered).map(({ host }) => host);
  }

  /** What is known of a worker, in words. */
  stateOf(number: number): string {
    return this.#workers.get(number)?.state ?? "there is no such worker";
  }

  /**
   * Waits until every worker's share is on disk.
   * @throws SHARE_LOST naming the workers, as soon as one is lost; INTERRUPTED
   */
  async gather(signal?: AbortSignal): Promise<void> {
    const since = performance.now();
    const wake = () => this.#changed();
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        const workers = [...this.#workers.values()];
        const lost = workers.filter((worker) => worker.isLost(since));
        if (lost.length > 0) throw this.#lostError(lost);
        if (workers.every((worker) => worker.hasDelivered)) return;
        if (signal?.aborted === true)
          throw this.explain(new FieldmarkError("INTERRUPTED", "interrupted while others still worked"));
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  /** What a failure of this instance comes from, where a worker is gone: its end makes the job stop the others. */
  explain(error: unknown): unknown {
    const gone = [...this.#workers.values()].filter((worker) => worker.isGone);
    return gone.length === 0 ? error : this.#lostError(gone, error);
  }

  /** A small picture that only the worker has; null when it is gone. */
  async thumbnail(number: number, imageFileName: string): Promise<Uint8Array | null> {
    const id = this.#nextWish++;
    const worker = this.#workers.get(number);
    return await new Promise((resolve) => {
      if (worker?.tell({ kind: "thumbnail", id, imageFileName }) !== true) return resolve(null);
      const settle = (webp: Uint8Array | null) => {
        worker.wishes.delete(forget);
        this.#wishes.delete(id);
        resolve(webp);
      };
      const forget = () => settle(null);
      worker.wishes.add(forget);
      this.#wishes.set(id, settle);
    });
  }

  /** Tells every worker how it ends. */
  finish(word: Extract<LeaderWord, { kind: "merged" | "abandoned" }>): void {
    for (const worker of this.#workers.values()) worker.tell(word);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    for (const worker of this.#workers.values()) worker.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const hurry = setTimeout(() => this.#server.closeAllConnections(), this.#patience.beat);
    await closed;
    clearTimeout(hurry);
  }

  #onBeat(): void {
    for (const worker of this.#workers.values()) worker.beat();
    this.#changed();
  }

  #lostError(lost: readonly Worker[], cause?: unknown): FieldmarkError {
    const { hosts } = this.#options;
    const words = lost.map(
      (worker) =>
        `share ${shareText({ number: worker.number, shares: hosts.length })} of ${worker.host} is lost: ${worker.state}`,
    );
    return new FieldmarkError("SHARE_LOST", words.join("; "), { hosts: lost.map(({ host }) => host) }, cause);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== AUTHORIZATION(this.#options.key)) {
      response.writeHead(403).end("of another job");
      return;
    }
    const [, number, what = "", id] =
      /^\/shares\/(\d+)(?:\/(\w+)(?:\/(\d+))?)?$/.exec(request.url ?? "") ?? [];
    const worker = this.#workers.get(Number(number));
    if (worker === undefined) {
      response.writeHead(404).end("no such share");
      return;
    }
    worker.heard();
    switch (`${request.method} ${what}`) {
      case "GET ":
        worker.connect(response, () => this.#changed());
        return;
      case "PUT progress":
        worker.progress = await readProgress(request);
        response.writeHead(204).end();
        return;
      case "PUT file":
        await this.#receive(worker, request, response);
        return;
      case "PUT thumbnails": {
        const webp = await readBody(request, THUMBNAIL_LIMIT);
        this.#wishes.get(Number(id))?.(webp.length === 0 ? null : webp);
        response.writeHead(204).end();
        return;
      }
      default:
        response.writeHead(405).end();
    }
  }

  /** The file appears whole: a share that breaks off, or that changed on its way, leaves nothing. */
  async #receive(worker: Worker, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = this.#options.fileOf(worker.number);
    const partial = `${path}.${randomUUID()}.partial`;
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      await mkdir(dirname(path), { recursive: true });
      const checked = async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > SHARE_LIMIT)
            throw new FieldmarkError("FILE_TOO_LARGE", `a share of more than ${SHARE_LIMIT} bytes`);
          worker.heard();
          hash.update(chunk);
          yield chunk;
        }
      };
      await pipeline(request, checked, createWriteStream(partial, { flush: true }));
      const digest = `sha-256=:${hash.digest("base64")}:`;
      if (request.headers["content-digest"] !== digest) {
        response.writeHead(400).end("the bytes are not those that were sent");
        return;
      }
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
    worker.hasDelivered = true;
    response.writeHead(204).end();
    this.#changed();
  }
}

/** Bytes of a small picture. */
const THUMBNAIL_LIMIT = 1024 * 1024;
