import type { FileHandle } from "node:fs/promises";

/** Where an event of a program's output lies: bytes [start, end) of the file, its newline included. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** An open file of a program's output, as far as this reader looks. */
export interface Output {
  readonly file: Pick<FileHandle, "read">;
  /** bytes; what is written later is not seen */
  readonly size: number;
  /** The program is gone: what follows the last newline is an event too. */
  readonly ended: boolean;
}

/**
 * A line up to this long, in bytes, is one event; a longer one may be split, at multiples of it, into events shorter
 * than twice as much: CloudWatch's limit is 262,144 bytes with 26 of its own.
 */
export const UNSPLIT = 131_000;
const CHUNK = 4 * UNSPLIT;
const NEWLINE = 10;

/*
 * Events begin at 0, after each newline, and inside a long line after a multiple m of UNSPLIT when the UNSPLIT bytes
 * before m hold no newline. So every reader, from either end, at any time, finds the same events by looking at the
 * neighbourhood alone, however long the file and its lines are.
 */

/** Events from `from`, which must be the start of one. */
export async function* eventsFrom(
  output: Output,
  from: number,
): AsyncGenerator<Extent & { readonly bytes: Buffer }> {
  let window = await readWindow(output, Math.max(0, from - 1), CHUNK);
  let start = from;
  while (start < output.size) {
    let end = eventEnd(window, start, output);
    if (end === "beyond window") {
      window = await readWindow(output, Math.max(0, start - 1), CHUNK);
      end = eventEnd(window, start, output);
    }
    // Not after its start: the program truncated its own output meanwhile.
    if (typeof end !== "number" || end <= start) return;
    yield { start, end, bytes: window.bytes.subarray(start - window.at, end - window.at) };
    start = end;
  }
}

/** Start of an event at or before `offset`, near it: at most a few UNSPLIT away. */
export async function startNear(output: Output, offset: number): Promise<number> {
  const window = await readWindow(output, Math.max(0, offset - 3 * UNSPLIT), 3 * UNSPLIT + 4);
  if (window.at === 0) return 0;
  const newline = window.bytes.indexOf(NEWLINE);
  if (newline >= 0 && window.at + newline < offset) return window.at + newline + 1;
  return characterStart(window, Math.ceil((window.at + UNSPLIT) / UNSPLIT) * UNSPLIT);
}

/** Start of the first event at or after `offset`; the end of the last one when none is. */
export async function startAtOrAfter(output: Output, offset: number): Promise<number> {
  let at = await startNear(output, Math.min(offset, output.size));
  if (at >= offset) return at;
  for await (const event of eventsFrom(output, at)) {
    at = event.end;
    if (at >= offset) break;
  }
  return at;
}

interface Window {
  readonly at: number;
  readonly bytes: Buffer;
}

async function readWindow({ file, size }: Output, at: number, length: number): Promise<Window> {
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - at)));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return { at, bytes: buffer.subarray(0, filled) };
}

function eventEnd(window: Window, start: number, output: Output): number | "beyond window" | "not yet" {
  const { at, bytes } = window;
  const afterNewline = start === 0 || bytes[start - 1 - at] === NEWLINE;
  const split = (afterNewline ? Math.ceil(start / UNSPLIT) : Math.floor(start / UNSPLIT)) * UNSPLIT + UNSPLIT;
  const newline = bytes.indexOf(NEWLINE, start - at);
  if (newline >= 0 && at + newline <= split) return at + newline + 1;
  const cut = characterStart(window, split);
  if (cut < at + bytes.length) return bytes[cut - at] === NEWLINE ? cut + 1 : cut;
  if (at + bytes.length < output.size && bytes.length >= CHUNK) return "beyond window";
  return output.ended ? at + bytes.length : "not yet";
}

/** `offset`, or up to 3 bytes later, where a UTF-8 character begins. */
function characterStart({ at, bytes }: Window, offset: number): number {
  let cut = offset;
  while (cut < offset + 3 && ((bytes[cut - at] ?? 0) & 0xc0) === 0x80) cut++;
  return cut;
}
