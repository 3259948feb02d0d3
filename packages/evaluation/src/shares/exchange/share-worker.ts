import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../../dataset/text-file.ts";
import {
  AUTHORIZATION,
  EXCHANGE_PORT,
  type LeaderWord,
  PATIENCE,
  type Patience,
  type Progress,
} from "./exchange.ts";
import { readBody } from "./read-body.ts";

export interface WorkerOptions {
  /** The leader's name in the job's network. */
  readonly leader: string;
  readonly port?: number;
  /** Known to the job's instances alone. */
  readonly key: string;
  /** Of this instance's share. */
  readonly number: number;
  readonly patience?: Patience;
  readonly signal?: AbortSignal;
}

/** How it ended for a worker. */
export type Outcome =
  | { readonly kind: "merged" }
  /** The share stays where it is: there was no leader, or it made no report. */
  | { readonly kind: "kept"; readonly reason: string };

const ANSWER_LIMIT = 4096;
const SEND_TIMES = 5;
/** ms */
const LOOK_AGAIN = 100;

/** A worker's end of the exchange: stands in connection with the leader, and sends its share. */
export class ShareWorker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  readonly #patience: Patience;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #beat: NodeJS.Timeout;
  readonly #standing: Promise<Outcome>;
  #progress: Progress = { done: 0, total: 0 };
  /** When its own work was done, performance.now(); null before. */
  #doneAt: number | null = null;
  #isConnected = false;
  #hasEnded = false;
  /** Makes a small picture; what the leader wants before it is known is answered with none. */
  thumbnail: (imageFileName: string) => Promise<Uint8Array | null> = async () => null;

  constructor(options: WorkerOptions) {
    const { patience = PATIENCE, signal } = options;
    this.#options = options;
    this.#patience = patience;
    this.#signal =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    this.#standing = this.#stand().finally(() => {
      this.#hasEnded = true;
    });
    this.#beat = setInterval(() => void this.#report(), patience.beat);
  }

  /** What the leader is told at the next beat. */
  set progress(progress: Progress) {
    this.#progress = progress;
  }

  /**
   * Sends the share and waits until the leader has made the report of all. A stop meanwhile is no failure: the share is
   * complete.
   */
  async deliver(file: string): Promise<Outcome> {
    this.#doneAt = performance.now();
    const sent = this.#sendFile(file);
    return await Promise.race([
      this.#standing,
      sent.then(
        () => this.#standing,
        (cause: unknown): Outcome => ({ kind: "kept", reason: `it could not be sent: ${reason(cause)}` }),
      ),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    this.#closing.abort();
    await this.#standing;
    this.#agent.destroy();
  }

  /** Holds a connection until the leader says how it ends, or is gone for too long. */
  async #stand(): Promise<Outcome> {
    let lastSeen: number | null = null;
    for (;;) {
      let why: string;
      try {
        const answer = await this.#send("GET", "");
        if (answer.statusCode !== 200) throw new Error(`it answers ${answer.statusCode}`);
        const word = await this.#listen(answer);
        if (word?.kind === "merged") return { kind: "merged" };
        if (word?.kind === "abandoned") return { kind: "kept", reason: word.reason };
        lastSeen = performance.now();
        why = "its connection ended";
      } catch (cause) {
        why = reason(cause);
      } finally {
        this.#isConnected = false;
      }
      if (this.#signal.aborted)
        return { kind: "kept", reason: `stopped before ${this.#options.leader} had made the report` };
      if (this.#isTooLong(lastSeen, why))
        return { kind: "kept", reason: `${this.#options.leader} cannot be reached: ${why}` };
      await sleep(Math.min(1000, this.#patience.beat), undefined, { signal: this.#signal }).catch(() => {});
    }
  }

  /** A leader that was there has the time to come back; one that never was, until some time after the own work. */
  #isTooLong(lastSeen: number | null, why: string): boolean {
    const now = performance.now();
    if (this.#doneAt === null) return false;
    if (lastSeen !== null) return now - Math.max(lastSeen, this.#doneAt) > this.#patience.return;
    const hasNoName = /ENOTFOUND|EAI_AGAIN/.test(why);
    return now - this.#doneAt > (hasNoName ? this.#patience.return : this.#patience.first);
  }

  /** @returns the word that ends it; null when the connection ends without one */
  async #listen(answer: IncomingMessage): Promise<LeaderWord | null> {
    this.#isConnected = true;
    void this.#report();
    try {
      for await (const line of createInterface({ input: answer })) {
        const word: LeaderWord = JSON.parse(line);
        if (word.kind === "merged" || word.kind === "abandoned") return word;
        if (word.kind === "thumbnail") void this.#sendThumbnail(word.id, word.imageFileName);
      }
    } catch (error) {
      if (!isBroken(error)) throw error;
    } finally {
      answer.destroy();
    }
    return null;
  }

  /** A lost word is not sent again: the next beat says more. */
  async #report(): Promise<void> {
    if (!this.#isConnected) return;
    await this.#put("progress", Buffer.from(JSON.stringify(this.#progress))).catch(() => {});
  }

  /** A picture that gets lost is missing in the report only. */
  async #sendThumbnail(id: number, imageFileName: string): Promise<void> {
    const webp = await this.thumbnail(imageFileName).catch(() => null);
    await this.#put(`thumbnails/${id}`, webp ?? new Uint8Array()).catch(() => {});
  }

  async #sendFile(file: string): Promise<void> {
    const { size } = await stat(file);
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file)) hash.update(chunk);
    const headers = { "content-length": size, "content-digest": `sha-256=:${hash.digest("base64")}:` };
    for (let time = 1; ; time++) {
      while (!this.#isConnected) {
        if (this.#hasEnded) return;
        await sleep(LOOK_AGAIN, undefined, { signal: this.#signal });
      }
      try {
        return await this.#put("file", createReadStream(file), headers);
      } catch (cause) {
        if (time === SEND_TIMES || this.#signal.aborted) throw cause;
        await sleep(this.#patience.beat, undefined, { signal: this.#signal });
      }
    }
  }

  async #put(
    what: string,
    body: Uint8Array | Readable,
    headers: Record<string, string | number> = {},
  ): Promise<void> {
    const answer = await this.#send("PUT", `/${what}`, { body, headers });
    const text = Buffer.from(await readBody(answer, ANSWER_LIMIT)).toString("utf8");
    if (answer.statusCode !== 204)
      throw new Error(`${this.#options.leader} answers ${answer.statusCode} ${text}`);
  }

  async #send(
    method: "GET" | "PUT",
    path: string,
    {
      body,
      headers = {},
    }: { readonly body?: Uint8Array | Readable; readonly headers?: Record<string, string | number> } = {},
  ): Promise<IncomingMessage> {
    const { leader, port = EXCHANGE_PORT, key, number } = this.#options;
    return await new Promise((resolve, reject) => {
      const sending = request({
        ...{ host: leader, port, method, path: `/shares/${number}${path}` },
        agent: this.#agent,
        signal: this.#signal,
        headers: { ...headers, authorization: AUTHORIZATION(key) },
      });
      sending.on("socket", (socket) => {
        socket.setKeepAlive(true, this.#patience.return);
        if (!socket.connecting) return;
        const giveUp = setTimeout(() => sending.destroy(new Error("no answer")), this.#patience.return);
        socket.once("connect", () => clearTimeout(giveUp)).once("close", () => clearTimeout(giveUp));
      });
      sending.on("response", resolve).on("error", reject);
      if (body === undefined || body instanceof Uint8Array) sending.end(body);
      else body.on("error", (error) => sending.destroy(error)).pipe(sending);
    });
  }
}

/** The connection ended in the middle. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}
