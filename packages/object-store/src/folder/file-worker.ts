import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { FileAnswer, FileOrder } from "./file-orders.ts";

interface Hashed {
  readonly file: number;
  readonly hash: Hash;
  /** bytes hashed */
  position: number;
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

function hash({ id, path, size, isWhole }: Order<"md5">): string | undefined {
  let hashed = hashedFiles.get(id);
  if (hashed === undefined) {
    hashed = { file: openSync(path, "r"), hash: createHash("md5"), position: 0 };
    hashedFiles.set(id, hashed);
  }
  while (hashed.position < size) {
    const wanted = Math.min(buffer.length, size - hashed.position);
    const read = readSync(hashed.file, buffer, 0, wanted, hashed.position);
    if (read === 0) throw new Error(`${path} ends at ${hashed.position} of ${size} bytes`);
    hashed.hash.update(buffer.subarray(0, read));
    hashed.position += read;
  }
  if (!isWhole) return undefined;
  const md5 = hashed.hash.digest("hex");
  forget(id);
  return md5;
}

/** Whoever asked keeps the file open until the answer: its mode lets nobody open it for writing again. */
function join({ file, sources }: Order<"join">): null {
  for (const source of sources) append(file, source);
  return null;
}

function append(file: number, source: string): void {
  const from = openSync(source, "r");
  try {
    for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer))
      for (let at = 0; at < read; ) at += writeSync(file, buffer, at, read - at);
  } finally {
    closeSync(from);
  }
}

function forget(id: number): void {
  const hashed = hashedFiles.get(id);
  hashedFiles.delete(id);
  if (hashed !== undefined) closeSync(hashed.file);
}
