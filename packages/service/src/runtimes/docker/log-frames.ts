import { createHash } from "node:crypto";

/** One message of a container's log, as Docker keeps it: a line, or 16 KiB of a longer one. */
export interface LogFrame {
  readonly stream: "stdout" | "stderr";
  /** When it was printed, whole epoch seconds; pieces of a long line all have the time of its first. */
  readonly second: number;
  /** As printed, with its newline; a view of the chunk that it came in. */
  readonly bytes: Buffer;
  /** It is a piece of a line that goes on. */
  readonly goesOn: boolean;
}

export interface LogFramesOptions {
  /** The daemon leaves out the newline of lines longer than 16 KiB (the driver `local` before version 23). */
  readonly losesNewlines: boolean;
}

/** Docker's header of a frame: the stream, three zeros, the length in four bytes. */
const HEADER_BYTES = 8;
/** What Docker reads at once of a line; only pieces of a longer one are exactly that long without a newline. */
const PIECE_BYTES = 16 * 1024;
/** Far more than a piece and its time: what claims to be longer is no log. */
const MAX_FRAME_BYTES = 2 ** 21;
const STREAMS = ["stdin", "stdout", "stderr", "systemerr"] as const;
const NEWLINE = Buffer.from("\n");
const SPACE = 0x20;

/** Takes apart what the daemon answers to a request for a log with timestamps. */
export class LogFrames {
  readonly #losesNewlines: boolean;
  readonly #inLine = { stdout: false, stderr: false };
  #rest: Buffer = Buffer.alloc(0);
  #clock = { text: "", second: 0 };
  #first: string | null = null;

  constructor({ losesNewlines }: LogFramesOptions) {
    this.#losesNewlines = losesNewlines;
  }

  /** A name of the first frame, by its time and content; null before it came. */
  get first(): string | null {
    return this.#first;
  }

  /**
   * The frames that end in this chunk.
   *
   * @throws Error with what the daemon says went wrong when it read the log
   */
  read(chunk: Buffer): readonly LogFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: LogFrame[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 4);
      const stream = STREAMS[bytes[at] ?? 0] ?? "stdin";
      if (length > MAX_FRAME_BYTES || stream === "stdin") throw new Error("the daemon's log has no frames");
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const content = bytes.subarray(at + HEADER_BYTES, end);
      if (stream === "systemerr") throw new Error(`the daemon: ${content.toString().trim()}`);
      frames.push(this.#frame(stream, content));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }

  #frame(stream: "stdout" | "stderr", content: Buffer): LogFrame {
    const space = content.indexOf(SPACE);
    const time = content.toString("latin1", 0, space);
    const second = this.#secondOf(time);
    this.#first ??= `${time}-${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
    const printed = content.subarray(space + 1);
    const isLine = printed.at(-1) === NEWLINE[0];
    const goesOn = !isLine && printed.length === PIECE_BYTES;
    // The end of a long line. It may be the end of a program's output without a newline: the daemon does not tell.
    const isRepaired = this.#losesNewlines && this.#inLine[stream] && !isLine && !goesOn;
    this.#inLine[stream] = goesOn;
    return { stream, second, goesOn, bytes: isRepaired ? Buffer.concat([printed, NEWLINE]) : printed };
  }

  /** `2026-01-31T10:20:30.123456789Z`, or with the daemon's time zone in the place of Z. */
  #secondOf(text: string): number {
    const whole = text.slice(0, 19);
    if (whole === this.#clock.text) return this.#clock.second;
    const second = Date.parse(whole + text.slice(29)) / 1000;
    if (!Number.isInteger(second)) throw new Error(`the daemon's log has the time "${text}"`);
    this.#clock = { text: whole, second };
    return second;
  }
}
