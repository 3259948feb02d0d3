import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { FileAnswer, FileOrder, FilePiece } from "./file-orders.ts";

interface Hashed {
  readonly file: number;
  readonly hash: Hash;
  /** bytes hashed */
  done: number;
}

type Order<Kind extends FileOrder["kind"]> = Extract<FileOrder, { readonly kind: Kind }>;

const port = parentPort;
if (port === null) throw new Error("this is a worker thread");

const buffer = Buffer.allocUnsafeSlow(1 << 20);
const hashedFiles = new Map<number, Hashed>();

port.on("message", (order: FileOrder) => {
  try {
    const md5 = carryOut(order);
    if (md5 !== undefined) port.postMessage({ id: order.id, md5 } satisfies FileAnswer);
  } catch (error) {
    forget(order.id);
    const { message, code } = error as NodeJS.ErrnoException;
    port.postMessage({ id: order.id, problem: { message, code } } satisfies FileAnswer);
  }
});

/** undefined: nothing to answer yet */
function carryOut(order: FileOrder): string | null | undefined {
  if (order.kind === "md5") return hash(order);
  if (order.kind === "join") return join(order);
  forget(order.id);
  return undefined;
}

function hash({ id, piece, isWhole }: Order<"md5">): string | undefined {
  let hashed = hashedFiles.get(id);
  if (hashed === undefined) {
    hashed = { file: openSync(piece.path, "r"), hash: createHash("md5"), done: 0 };
    hashedFiles.set(id, hashed);
  }
  for (const chunk of chunks(hashed.file, piece, hashed.done)) {
    hashed.hash.update(chunk);
    hashed.done += chunk.length;
  }
  if (!isWhole) return undefined;
  const md5 = hashed.hash.digest("hex");
  forget(id);
  return md5;
}

/** Whoever asked keeps the file open until the answer: its mode lets nobody open it for writing again. */
function join({ file, pieces }: Order<"join">): null {
  for (const piece of pieces) append(file, piece);
  return null;
}

function append(file: number, piece: FilePiece): void {
  const from = openSync(piece.path, "r");
  try {
    for (const chunk of chunks(from, piece, 0))
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
  } finally {
    closeSync(from);
  }
}

/** A piece's bytes from `start` on; each chunk is good until the next. */
function* chunks(file: number, { path, offset, size }: FilePiece, start: number): Generator<Buffer> {
  for (let at = start; at < size; ) {
    const read = readSync(file, buffer, 0, Math.min(buffer.length, size - at), offset + at);
    if (read === 0) throw new Error(`${path} ends before byte ${offset + size}`);
    yield buffer.subarray(0, read);
    at += read;
  }
}

function forget(id: number): void {
  const hashed = hashedFiles.get(id);
  hashedFiles.delete(id);
  if (hashed !== undefined) closeSync(hashed.file);
}
