import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { FieldmarkError } from "@fieldmark/contract";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";
import { forEachOf } from "./concurrency.ts";
import { objectsBelow } from "./objects.ts";
import { parseS3Uri, type S3Location } from "./s3-uri.ts";
import { CONCURRENT_FILES, countTransfers, type TransferOptions } from "./transfer-progress.ts";

/**
 * Downloads an object, or all below a prefix, into a folder; several at a time. Each file appears whole.
 *
 * @returns names of the files, relative to the folder
 * @throws FILE_NOT_FOUND when nothing is there; REQUEST_INVALID when a key would leave the folder; DISK
 */
export async function download(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
  options: TransferOptions = {},
): Promise<readonly string[]> {
  const location = parseS3Uri(from);
  const objects = await objectsBelow(session, location, options.signal);
  if (objects.length === 0)
    throw new FieldmarkError("FILE_NOT_FOUND", `${from}: there is no such object`, { from });
  for (const { name } of objects) checkName(name, from);
  const done = countTransfers(
    objects.map(({ size }) => size),
    options.onProgress,
  );
  await forEachOf(objects, CONCURRENT_FILES, async ({ key, name, size }) => {
    await downloadObject(session, { bucket: location.bucket, key }, join(to, name), options.signal);
    done(size);
  });
  return objects.map(({ name }) => name);
}

/** Downloads one object into one file, which appears whole or not at all. */
export async function downloadObject(
  session: Session,
  from: S3Location,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const body = await readObject(session, from, signal);
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const writing = pipeline(body, createWriteStream(partial), signal === undefined ? {} : { signal });
    await answer(`GetObject s3://${from.bucket}/${from.key}`, writing);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw cause instanceof FieldmarkError
      ? cause
      : new FieldmarkError("DISK", `${path}: ${String(cause)}`, { path }, cause);
  }
}

/** The object's text. @throws FILE_TOO_LARGE beyond `maxBytes` */
export async function readText(
  session: Session,
  from: S3Location,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of await readObject(session, from, signal)) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxBytes)
      throw new FieldmarkError(
        "FILE_TOO_LARGE",
        `s3://${from.bucket}/${from.key}: more than ${maxBytes} bytes`,
      );
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readObject(
  session: Session,
  { bucket, key }: S3Location,
  signal?: AbortSignal,
): Promise<Readable> {
  const { Body } = await answer(
    `GetObject s3://${bucket}/${key}`,
    session.s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      signal === undefined ? {} : { abortSignal: signal },
    ),
  );
  return Body instanceof Readable ? Body : Readable.from([]);
}

/** Keys come from others: none may name a file outside the folder. */
function checkName(name: string, from: string): void {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\0\\]/.test(name))
    throw new FieldmarkError(
      "REQUEST_INVALID",
      `${from}: the key "${name}" cannot be a path below a folder`,
      { name },
    );
}
