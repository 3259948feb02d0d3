import { CopyObjectCommand } from "@aws-sdk/client-s3";
import { FieldmarkError } from "@fieldmark/contract";
import { answer } from "../service-failure.ts";
import type { Session } from "../session.ts";
import { forEachOf } from "./concurrency.ts";
import { objectsBelow } from "./objects.ts";
import { joinS3Uri, parseS3Uri, type S3Location } from "./s3-uri.ts";
import { CONCURRENT_FILES, countTransfers, type TransferOptions } from "./transfer-progress.ts";

/**
 * Copies an object, or all below a prefix, to below another, inside the store.
 *
 * @returns S3 URIs of the copies
 * @throws FILE_NOT_FOUND when nothing is there
 */
export async function copyObjects(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
  options: TransferOptions = {},
): Promise<readonly string[]> {
  const { bucket } = parseS3Uri(from);
  const objects = await objectsBelow(session, parseS3Uri(from), options.signal);
  if (objects.length === 0)
    throw new FieldmarkError("FILE_NOT_FOUND", `${from}: there is no such object`, { from });
  const done = countTransfers(
    objects.map(({ size }) => size),
    options.onProgress,
  );
  const copies = objects.map((object) => ({ ...object, copy: joinS3Uri(to, object.name) }));
  await forEachOf(copies, CONCURRENT_FILES, async ({ key, size, copy }) => {
    await copyObject(session, { from: { bucket, key }, to: parseS3Uri(copy) }, options);
    done(size);
  });
  return copies.map(({ copy }) => copy);
}

/** Copies one object to one key. */
export async function copyObject(
  session: Session,
  { from, to }: { readonly from: S3Location; readonly to: S3Location },
  { signal }: TransferOptions = {},
): Promise<void> {
  const source = `${from.bucket}/${from.key}`.split("/").map(encodeURIComponent).join("/");
  await answer(
    `CopyObject s3://${to.bucket}/${to.key}`,
    session.s3.send(
      new CopyObjectCommand({ Bucket: to.bucket, Key: to.key, CopySource: source }),
      signal === undefined ? {} : { abortSignal: signal },
    ),
  );
}
