import type { FileHandle } from "node:fs/promises";
import type { ByteRange } from "./object-info.ts";

const READ_BYTES = 1 << 20;

/** Chunks of an open file; each has memory of its own. */
export async function* readRange(
  file: FileHandle,
  { offset, length }: ByteRange,
): AsyncGenerator<Uint8Array> {
  const end = offset + length;
  for (let position = offset; position < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
