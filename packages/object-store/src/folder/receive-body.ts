import { fdatasync, write as writeFile, writev as writevFile } from "node:fs";
import { promisify } from "node:util";
import { BodyMd5 } from "./body-md5.ts";

/** Bytes gathered before one write. */
const WRITE_BYTES = 1 << 20;
/** Bytes after which the disk is set to work while more arrive. */
const FLUSH_BYTES = 64 << 20;

const flushData = promisify(fdatasync);
const write = promisify(writeFile);
const writev = promisify(writevFile);

/** Where a body goes: an open file and its path, from this byte on. */
export interface BodyTarget {
  readonly file: number;
  readonly path: string;
  readonly offset: number;
}

/** Gathers chunks while the ones before are being written; nothing is copied. @returns the bytes' md5, 16 bytes */
export async function receiveBody(
  { file, path, offset }: BodyTarget,
  body: AsyncIterable<Uint8Array>,
): Promise<Buffer> {
  using md5 = new BodyMd5(path, offset);
  let position = offset;
  const writeOut = async (chunks: readonly Uint8Array[], bytes: number) => {
    await writeAll(file, chunks, position);
    position += bytes;
    md5.written(bytes);
  };
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let unflushed = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let flushing: Promise<unknown> = Promise.resolve();
  try {
    for await (const chunk of body) {
      md5.received(chunk);
      if (chunk.length === 0) continue;
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes < WRITE_BYTES) continue;
      await writing;
      writing = inBackground(writeOut(gathered, bytes));
      unflushed += bytes;
      gathered = [];
      bytes = 0;
      if (unflushed >= FLUSH_BYTES) {
        await Promise.all([writing, flushing]);
        flushing = inBackground(flushData(file));
        unflushed = 0;
      }
    }
    await writing;
    if (bytes > 0) await writeOut(gathered, bytes);
    await flushing;
    return await md5.digest();
  } catch (error) {
    await Promise.allSettled([writing, flushing]);
    throw error;
  }
}

/** Awaited later: a failure until then is not an unhandled one. */
function inBackground<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Every byte, in order: a write may take fewer than it was given. */
async function writeAll(file: number, chunks: readonly Uint8Array[], from: number): Promise<void> {
  let { bytesWritten } = await writev(file, chunks, from);
  let position = from + bytesWritten;
  for (const chunk of chunks) {
    if (bytesWritten >= chunk.length) {
      bytesWritten -= chunk.length;
      continue;
    }
    let rest = chunk.subarray(bytesWritten);
    bytesWritten = 0;
    while (rest.length > 0) {
      const { bytesWritten: more } = await write(file, rest, 0, rest.length, position);
      position += more;
      rest = rest.subarray(more);
    }
  }
}
