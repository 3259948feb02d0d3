import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FieldmarkError } from "@fieldmark/contract";
import { isFile } from "../dataset/text-file.ts";

export interface DownloadOptions {
  readonly url: string;
  /** hex */
  readonly md5: string;
  readonly signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/**
 * Downloads a file to `path`, or goes on where an earlier call stopped (`<path>.part`); a file that is there is kept.
 * @throws DOWNLOAD_FAILED; CHECKSUM_MISMATCH (the wrong bytes are removed)
 */
export async function download(path: string, options: DownloadOptions): Promise<void> {
  if (await isFile(path)) return;
  const partial = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await fetchRest(partial, options);
  } catch (cause) {
    if (cause instanceof FieldmarkError) throw cause;
    if (options.signal?.aborted === true)
      throw new FieldmarkError("INTERRUPTED", `${options.url}: interrupted`, {}, cause);
    const why = cause instanceof Error ? reasonOf(cause) : String(cause);
    throw new FieldmarkError("DOWNLOAD_FAILED", `${options.url}: ${why}`, { url: options.url }, cause);
  }
  const md5 = await md5Of(partial);
  if (md5 !== options.md5) {
    await rm(partial, { force: true });
    throw new FieldmarkError("CHECKSUM_MISMATCH", `${options.url}: MD5 is ${md5}, expected ${options.md5}`);
  }
  await rename(partial, path);
}

async function fetchRest(partial: string, { url, signal, onProgress }: DownloadOptions): Promise<void> {
  const have = await stat(partial).then(
    ({ size }) => size,
    () => 0,
  );
  const response = await fetch(url, {
    headers: have > 0 ? { range: `bytes=${have}-` } : {},
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 416) return; // all of it is there already; the checksum decides
  if (!response.ok || response.body === null) {
    throw new FieldmarkError("DOWNLOAD_FAILED", `${url}: HTTP ${response.status}`, { url });
  }
  const resumed = response.status === 206;
  const start = resumed ? have : 0;
  const total = start + Number(response.headers.get("content-length") ?? Number.NaN);
  let done = start;
  const count = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      done += chunk.length;
      onProgress?.(done, total);
      next(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, count, createWriteStream(partial, { flags: resumed ? "a" : "w" }));
}

/** Node's fetch hides the reason of a network failure in its cause. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
