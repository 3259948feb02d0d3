import { constants, createInflateRaw } from "node:zlib";

export interface Inflated {
  /** What came out, at most `limit` bytes. */
  readonly data: Uint8Array;
  /** Whether the compressed stream came to its own end, checksum included, or `limit` was reached. */
  readonly ended: boolean;
}

const HEADER = 2;
/** Deflate cannot expand by more. */
const MAX_RATIO = 1032;

/**
 * Inflates a zlib stream up to `limit` bytes and no further; undefined where it is not valid deflate.
 * The checksum at its end is not compared: Pillow stops before it, when the last row is there.
 */
export async function inflateUpTo(compressed: Uint8Array, limit: number): Promise<Inflated | undefined> {
  if (compressed.length < HEADER) return { data: new Uint8Array(), ended: false };
  const [method = 0, flags = 0] = compressed;
  if ((method & 15) !== 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 !== 0 || flags & 32) return undefined;

  const body = compressed.subarray(HEADER);
  // One chunk for the whole answer: nothing is joined afterwards, and nothing that came before an error is lost.
  const chunkSize = Math.max(Math.min(limit, body.length * MAX_RATIO), constants.Z_MIN_CHUNK);
  const stream = createInflateRaw({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH });
  const chunks: Uint8Array[] = [];
  let length = 0;
  let failed = false;
  await new Promise<void>((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limit) stream.destroy();
    });
    stream.on("error", () => {
      failed = true;
    });
    stream.on("close", resolve);
    stream.end(body);
  });
  const [first] = chunks;
  const data = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  if (length >= limit) return { data: data.subarray(0, limit), ended: true };
  return failed ? undefined : { data, ended: stream.bytesWritten < body.length };
}
