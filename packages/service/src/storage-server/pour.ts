import type { ServerResponse } from "node:http";
import type { ByteRange, OpenedObject } from "@fieldmark/object-store";

/** Bytes read and written at once. */
const PIECE_BYTES = 512 << 10;

/**
 * Writes a range of an object to a client. Two pieces of memory serve the whole body, one being
 * filled while the other is sent: fresh memory for every read costs more than reading does.
 */
export async function pour(
  object: OpenedObject,
  { offset, length }: ByteRange,
  response: ServerResponse,
): Promise<void> {
  const size = Math.min(PIECE_BYTES, length);
  const memory = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(length > size ? size : 0)] as const;
  const end = offset + length;
  let sending: Promise<void> = Promise.resolve();
  for (let position = offset, turn = 0; position < end; turn++) {
    const piece = memory[turn % 2 === 0 ? 0 : 1].subarray(0, end - position);
    const [bytes] = await Promise.all([object.readInto(piece, position), sending]);
    if (bytes === 0) throw new Error(`The object ended at byte ${position} of ${end}`);
    sending = write(response, piece.subarray(0, bytes));
    // Whoever waits for it next may come too late for its failure to count as handled.
    sending.catch(() => undefined);
    position += bytes;
  }
  await sending;
}

/** Resolves when the memory may be used again; rejects when the client has gone. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(Object.assign(new Error("The client went away."), { code: "EPIPE" }));
    if (response.destroyed) return gone();
    response.once("close", gone);
    response.write(bytes, (error) => {
      response.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
