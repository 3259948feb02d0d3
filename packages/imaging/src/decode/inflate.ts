import { constants, createInflate, inflateSync } from "node:zlib";

export interface Inflated {
  /** What came out, at most `limit` bytes. */
  readonly data: Uint8Array;
  /** Whether the compressed stream came to its own end, or `limit` was reached. */
  readonly ended: boolean;
}

/** Deflate cannot expand by more. */
const MAX_RATIO = 1032;

/**
 * Inflates a zlib stream up to `limit` bytes and no further; undefined where it is not valid.
 * Its checksum is compared where the stream holds it and nothing is left over: as far as Pillow reads.
 */
export async function inflateUpTo(compressed: Uint8Array, limit: number): Promise<Inflated | undefined> {
  // One chunk for the whole answer: nothing is joined, and all that came before an error in excess data is kept.
  const chunkSize = Math.max(Math.min(limit, compressed.length * MAX_RATIO), constants.Z_MIN_CHUNK);
  const stream = createInflate({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH });
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
    stream.end(compressed);
  });
  const [first] = chunks;
  const data = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  if (length >= limit) return { data: data.subarray(0, limit), ended: true };
  return failed ? undefined : { data, ended: endsByItself(compressed, limit) };
}

/** Asked only of streams that came out short, so the second pass costs little. */
function endsByItself(compressed: Uint8Array, limit: number): boolean {
  try {
    inflateSync(compressed, { maxOutputLength: limit });
    return true;
  } catch {
    return false;
  }
}
