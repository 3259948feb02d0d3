import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ByteRange, OpenedObject } from "./object-info.ts";
import type { OpenObject } from "./objects.ts";

const READ_BYTES = 256 << 10;

/** Owns the handle of `object` until it is closed or its stream ends. */
export function openedObject({ body, info }: OpenObject): OpenedObject {
  let stream: Readable | null = null;
  const close = async (): Promise<void> => {
    if (stream === null || stream.closed) return await body.handle.close();
    const closed = once(stream, "close");
    stream.destroy();
    await closed;
  };
  return {
    info,
    close,
    [Symbol.asyncDispose]: close,
    async readInto(target, position) {
      return (await body.handle.read(target, 0, target.length, position)).bytesRead;
    },
    read({ offset, length }: ByteRange = { offset: 0, length: info.size }) {
      stream =
        length === 0 ? emptyStream(() => body.handle.close()) : readStream(body.handle, { offset, length });
      return stream;
    },
  };
}

const readStream = (handle: FileHandle, { offset, length }: ByteRange): Readable =>
  handle.createReadStream({
    start: offset,
    end: offset + length - 1,
    highWaterMark: Math.min(READ_BYTES, length),
  });

const emptyStream = (close: () => Promise<void>): Readable =>
  new Readable({
    read() {
      this.push(null);
    },
    destroy(error, done) {
      close().then(() => done(error), done);
    },
  });
