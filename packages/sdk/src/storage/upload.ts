import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { FieldmarkError } from "@fieldmark/contract";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";
import { forEachOf } from "./concurrency.ts";
import { takeFile } from "./file-source.ts";
import { localTree } from "./local-files.ts";
import { joinS3Uri, parseS3Uri, type S3Location } from "./s3-uri.ts";
import { CONCURRENT_FILES, countTransfers, type TransferOptions } from "./transfer-progress.ts";

const MIN_PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;

/**
 * Uploads a file to `<uri>/<its name>`, or a folder's files below `uri`; several at a time.
 *
 * @returns the file's or the folder's S3 URI
 * @throws FILE_NOT_FOUND, SERVICE_UNREACHABLE, SERVICE_REFUSED, INTERRUPTED
 */
export async function upload(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
  options: TransferOptions = {},
): Promise<string> {
  const { kind, files } = await localTree(from);
  const done = countTransfers(
    files.map(({ size }) => size),
    options.onProgress,
  );
  await forEachOf(files, CONCURRENT_FILES, async ({ path, name, size }) => {
    await sendFile(session, { from: path, size, to: parseS3Uri(joinS3Uri(to, name)) }, options);
    done(size);
  });
  return kind === "file" ? joinS3Uri(to, files[0]?.name ?? "") : to;
}

/** Uploads one file as the object that is named. */
export async function uploadFile(
  session: Session,
  { from, to }: { readonly from: string; readonly to: S3Location },
  options: TransferOptions = {},
): Promise<void> {
  const { kind, files } = await localTree(from);
  const [file] = files;
  if (kind === "folder" || file === undefined)
    throw new FieldmarkError("FILE_UNREADABLE", `${from}: expected a file, found a folder`, { path: from });
  const done = countTransfers([file.size], options.onProgress);
  await sendFile(session, { from, size: file.size, to }, options);
  done(file.size);
}

/** The bytes go over HTTP only where the store is on another machine. */
async function sendFile(
  session: Session,
  { from, size, to }: { readonly from: string; readonly size: number; readonly to: S3Location },
  options: TransferOptions,
): Promise<void> {
  if (await takeFile(session, { from, to }, options)) return;
  await uploadStream(session.s3, { body: createReadStream(from), size, to }, options);
}

/** Uploads text, or a stream whose length nobody knows yet, as one object. */
export async function uploadStream(
  s3: S3Client,
  { body, size, to }: { readonly body: Readable | string; readonly size?: number; readonly to: S3Location },
  { signal, kmsKey }: TransferOptions,
): Promise<void> {
  const kms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKey } as const;
  const abortController = new AbortController();
  const abort = () => abortController.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const sending = new Upload({
      client: s3,
      params: { Bucket: to.bucket, Key: to.key, Body: body, ...(kmsKey === undefined ? {} : kms) },
      partSize: Math.max(MIN_PART_BYTES, Math.ceil((size ?? 0) / MAX_PARTS)),
      queueSize: 2,
      abortController,
    });
    await answer(`PutObject s3://${to.bucket}/${to.key}`, sending.done());
  } finally {
    signal?.removeEventListener("abort", abort);
    if (typeof body !== "string") body.destroy();
  }
}
