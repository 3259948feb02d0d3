import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { Md5Answer, Md5Order } from "./md5-messages.ts";

interface Hashed {
  readonly file: number;
  readonly hash: Hash;
  /** bytes hashed */
  position: number;
}

const port = parentPort;
if (port === null) throw new Error("this is a worker thread");

const READ_BYTES = 1 << 20;
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
const files = new Map<number, Hashed>();

port.on("message", (order: Md5Order) => {
  try {
    carryOut(order);
  } catch (error) {
    close(order.id);
    const { message, code } = error as NodeJS.ErrnoException;
    port.postMessage({ id: order.id, problem: { message, code } } satisfies Md5Answer);
  }
});

function carryOut(order: Md5Order): void {
  if (order.kind === "forget") {
    close(order.id);
    return;
  }
  let hashed = files.get(order.id);
  if (hashed === undefined) {
    hashed = { file: openSync(order.path, "r"), hash: createHash("md5"), position: 0 };
    files.set(order.id, hashed);
  }
  while (hashed.position < order.size) {
    const wanted = Math.min(READ_BYTES, order.size - hashed.position);
    const read = readSync(hashed.file, buffer, 0, wanted, hashed.position);
    if (read === 0) throw new Error(`${order.path} ends at ${hashed.position} of ${order.size} bytes`);
    hashed.hash.update(buffer.subarray(0, read));
    hashed.position += read;
  }
  if (!order.isWhole) return;
  const md5 = hashed.hash.digest("hex");
  close(order.id);
  port?.postMessage({ id: order.id, md5 } satisfies Md5Answer);
}

function close(id: number): void {
  const hashed = files.get(id);
  files.delete(id);
  if (hashed !== undefined) closeSync(hashed.file);
}
