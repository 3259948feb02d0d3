import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { FieldmarkError } from "@fieldmark/contract";
import { extract, type Header } from "tar-stream";
import { fileProblem } from "../file-problem.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits, archiveHazard, entryChecker } from "./archive-entry.ts";
import { isModelFile, type ModelFiles } from "./model-files.ts";

const READ_BYTES = 1024 ** 2;
const UNPACKED_CHUNK_BYTES = 512 * 1024;
/** Deflate cannot do better than this: a header that claims more is a lie. */
const DEFLATE_RATIO = 1032;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: ArchiveLimits | undefined;
}

/**
 * Reads a .tar or .tar.gz in one pass: the packed bytes are digested while they are unpacked, and the files that
 * matter go straight into one buffer each.
 * @throws ARCHIVE_HAZARD, ARCHIVE_BROKEN, FILE_TOO_LARGE, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openArchive(
  path: string,
  compression: "gzip" | "none",
  { signal, limits = ARCHIVE_LIMITS }: OpenOptions = {},
): Promise<ModelFiles> {
  const { size: packedBytes } = await stat(path).catch((error: unknown) => {
    throw fileProblem(path, error);
  });
  const unpackedLimit = packedBytes * (compression === "gzip" ? DEFLATE_RATIO : 1);
  const hash = createHash("sha256");
  const meter = unpackedMeter(path, packedBytes, limits);
  const { sink, files, names } = collector(path, limits, unpackedLimit);
  const source = createReadStream(path, { highWaterMark: READ_BYTES });
  const digested = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const options = signal === undefined ? {} : { signal };
  try {
    if (compression === "gzip") {
      const gunzip = createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES });
      await pipeline(source, digested, gunzip, meter.pass, sink, options);
    } else {
      await pipeline(source, digested, meter.pass, sink, options);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw archiveProblem(path, error);
  }
  if (!meter.endsWithMarker()) {
    throw new FieldmarkError("ARCHIVE_BROKEN", `${path}: the end of the archive is missing: it is cut short`);
  }
  return { files, names, digest: `sha256:${hash.digest("hex")}` };
}

function archiveProblem(path: string, error: unknown): unknown {
  if (error instanceof FieldmarkError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (/^E[A-Z]+$/.test(code)) return fileProblem(path, error);
  return new FieldmarkError("ARCHIVE_BROKEN", `${path}: ${error.message}`, { file: path }, error);
}

interface Meter {
  readonly pass: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  endsWithMarker(): boolean;
}

/** Counts what comes out of the decompressor, stops bombs, and looks at the end for tar's closing zeros. */
function unpackedMeter(path: string, packedBytes: number, limits: ArchiveLimits): Meter {
  let unpacked = 0;
  let zeros = 0;
  const bomb = (found: string): FieldmarkError => archiveHazard(path, "decompression bomb", found);
  return {
    pass: async function* (chunks) {
      for await (const chunk of chunks) {
        unpacked += chunk.length;
        if (unpacked > limits.totalBytes) throw bomb(`it unpacks to more than ${limits.totalBytes} bytes`);
        if (unpacked > limits.ratioFreeBytes && unpacked > packedBytes * limits.ratio) {
          throw bomb(`${packedBytes} bytes unpack to more than ${limits.ratio} times as many`);
        }
        const trailing = trailingZeros(chunk);
        zeros = trailing === chunk.length ? zeros + trailing : trailing;
        yield chunk;
      }
    },
    endsWithMarker: () => zeros >= 512,
  };
}

function trailingZeros(chunk: Buffer): number {
  let count = 0;
  while (count < chunk.length && count < 1024 && chunk[chunk.length - 1 - count] === 0) count += 1;
  return count;
}

/** Takes tar's bytes apart, checks each entry, and keeps the files that matter. */
function collector(
  path: string,
  limits: ArchiveLimits,
  unpackedLimit: number,
): { sink: ReturnType<typeof extract>; files: Map<string, Uint8Array>; names: string[] } {
  const files = new Map<string, Uint8Array>();
  const names: string[] = [];
  const check = entryChecker(path, limits);
  let claimed = 0;
  const accept = (header: Header): Uint8Array | null => {
    const size = header.size ?? 0;
    const name = check({
      name: header.name,
      type: header.type ?? null,
      size,
      linkname: header.linkname ?? null,
    });
    if (name === null) return null;
    names.push(name);
    claimed += size;
    if (claimed > unpackedLimit) {
      throw new FieldmarkError(
        "ARCHIVE_BROKEN",
        `${path}: "${name}" claims ${size} bytes, more than can be there`,
      );
    }
    if (claimed > limits.totalBytes) {
      const found = `it unpacks to more than ${limits.totalBytes} bytes`;
      throw archiveHazard(path, "decompression bomb", found);
    }
    if (!isModelFile(name, size)) return null;
    if (size > limits.fileBytes) {
      throw new FieldmarkError(
        "FILE_TOO_LARGE",
        `${path}: "${name}" has ${size} bytes, limit ${limits.fileBytes}`,
      );
    }
    const buffer = new Uint8Array(size);
    files.set(name, buffer);
    return buffer;
  };
  const sink = extract();
  sink.on("entry", (header, stream, next) => {
    // The archive's own error reaches the pipeline; the entry's stream only repeats it.
    stream.on("error", () => undefined);
    let buffer: Uint8Array | null;
    try {
      buffer = accept(header);
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    let filled = 0;
    stream.on("data", (chunk) => {
      if (!(chunk instanceof Uint8Array)) return;
      buffer?.set(chunk, filled);
      filled += chunk.length;
    });
    stream.on("end", () => next());
    stream.resume();
  });
  return { sink, files, names };
}
