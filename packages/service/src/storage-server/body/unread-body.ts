import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream/promises";

/** What is read and thrown away so that the connection can be used again, bytes. */
const WORTH_KEEPING = 1 << 20;
/** How long a client may go on sending a body that was refused. */
const LINGER_MS = 10_000;

/**
 * Prepares the connection for an answer while the request's body has not been read to its end. A small rest is read
 * and the connection kept. Otherwise the connection is to be closed; but closing it while the client still sends would
 * reset it, and the client would never see why: what it sends meanwhile is thrown away.
 *
 * @param isUninvited the client waits for `100 Continue` and will not get it
 * @returns what to await between writing the answer and ending it; null when there is nothing to wait for
 */
export async function settleBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  { isUninvited }: { readonly isUninvited: boolean },
): Promise<(() => Promise<void>) | null> {
  if (incoming.complete || incoming.destroyed) return null;
  const length = Number(incoming.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  if (!isUninvited && length <= WORTH_KEEPING) {
    await discard(incoming);
    return null;
  }
  response.setHeader("connection", "close");
  return isUninvited ? null : () => discard(incoming);
}

async function discard(incoming: IncomingMessage): Promise<void> {
  const timer = setTimeout(() => incoming.socket.destroy(), LINGER_MS);
  try {
    incoming.resume();
    await finished(incoming, { writable: false });
  } finally {
    clearTimeout(timer);
  }
}
