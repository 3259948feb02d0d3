import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { FieldmarkError } from "@fieldmark/contract";
import { extract } from "tar-stream";
import { reason } from "../dataset/text-file.ts";

/** The tables of the tree; `isCubTree` and `readCubTree` read them. */
const TABLE = /^(?:\.\/)?CUB_200_2011\/(classes|images|image_class_labels|train_test_split)\.txt$/;
const PICTURE = /^(?:\.\/)?CUB_200_2011\/images\/((\d{3})\.[\w-]+\/[\w-]+\.jpg)$/;
const TABLE_LIMIT = 64 * 1024 * 1024;
const PICTURE_LIMIT = 64 * 1024 * 1024;
/** Pictures hardly compress: an archive that unpacks to more than this and `MOST_TIMES` its size is not the dataset. */
const UNPACKED_FREE = 64 * 1024 * 1024;
const MOST_TIMES = 4;

export interface UnpackOptions {
  /** CUB class ids whose pictures are wanted. */
  readonly classes: ReadonlySet<number>;
  /** hex MD5 that the archive must have */
  readonly md5: string;
  readonly signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/**
 * Streams CUB_200_2011.tgz into a tree that holds its tables and the pictures of the wanted classes.
 * Everything else in the archive, links and odd names too, is passed over.
 * @throws CHECKSUM_MISMATCH, ARCHIVE_BROKEN, ARCHIVE_HAZARD (a decompression bomb), INTERRUPTED
 */
export async function unpackCub(archive: string, folder: string, options: UnpackOptions): Promise<void> {
  const { size } = await stat(archive);
  const hash = createHash("md5");
  let done = 0;
  const digest = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      options.onProgress?.(done, size);
      next(null, chunk);
    },
  });
  const entries = extract();
  const reading = pipeline(createReadStream(archive), digest, createGunzip(), meter(archive, size), entries, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const writing = writeEntries(entries, folder, options.classes);
  try {
    await Promise.all([reading, writing]);
  } catch (cause) {
    // The caller removes the folder: nothing may be written into it any more.
    await Promise.allSettled([reading, writing]);
    if (cause instanceof FieldmarkError) throw cause;
    if (options.signal?.aborted === true)
      throw new FieldmarkError("INTERRUPTED", `${archive}: interrupted`, {}, cause);
    throw new FieldmarkError("ARCHIVE_BROKEN", `${archive}: ${reason(cause)}`, { file: archive }, cause);
  }
  const md5 = hash.digest("hex");
  if (md5 !== options.md5) {
    throw new FieldmarkError("CHECKSUM_MISMATCH", `${archive}: MD5 is ${md5}, expected ${options.md5}`, {
      file: archive,
    });
  }
}

/** Stops decompression bombs, whatever part of the archive they stand in. */
function meter(archive: string, size: number): Transform {
  const limit = UNPACKED_FREE + MOST_TIMES * size;
  let unpacked = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      unpacked += chunk.length;
      if (unpacked <= limit) next(null, chunk);
      else
        next(
          new FieldmarkError("ARCHIVE_HAZARD", `${archive}: ${size} bytes unpack to more than ${limit}`, {
            file: archive,
          }),
        );
    },
  });
}

async function writeEntries(
  entries: ReturnType<typeof extract>,
  folder: string,
  classes: ReadonlySet<number>,
): Promise<void> {
  for await (const entry of entries) {
    const { name, type, size = 0 } = entry.header;
    const place = type === "file" ? placeOf(name, classes) : null;
    if (place === null) {
      entry.resume();
      continue;
    }
    if (size > place.limit) {
      throw new FieldmarkError("ARCHIVE_BROKEN", `${name}: ${size} bytes, expected at most ${place.limit}`);
    }
    await mkdir(dirname(join(folder, place.path)), { recursive: true });
    await writeFile(join(folder, place.path), Readable.from(entry));
  }
}

function placeOf(name: string, classes: ReadonlySet<number>): { path: string; limit: number } | null {
  if (TABLE.test(name)) return { path: basename(name), limit: TABLE_LIMIT };
  const [, path, id] = PICTURE.exec(name) ?? [];
  return path !== undefined && classes.has(Number(id))
    ? { path: join("images", path), limit: PICTURE_LIMIT }
    : null;
}
