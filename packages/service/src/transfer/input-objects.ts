import { FieldmarkError } from "@fieldmark/contract";
import type { ObjectStore, ObjectSummary } from "@fieldmark/object-store";
import type { Download } from "../jobs/run-plan.ts";
import type { InputObject } from "./input-object.ts";
import { readManifest } from "./manifest.ts";
import { parseS3Uri } from "./s3-uri.ts";

/**
 * The objects of an input, in the order of their keys' UTF-8 bytes. `s3://b/x` takes the object `x`, named so, and all
 * below `x/`; a sibling `x2` is not taken.
 *
 * @throws INPUT_NOT_FOUND when it names nothing, INPUT_MANIFEST
 */
export async function inputObjects(
  store: ObjectStore,
  download: Download,
  signal: AbortSignal,
): Promise<readonly InputObject[]> {
  const objects =
    download.s3DataType === "ManifestFile"
      ? await readManifest(store, download.s3Uri)
      : await objectsBelow(store, download, signal);
  if (!objects.some(({ key }) => !key.endsWith("/"))) {
    throw new FieldmarkError(
      "INPUT_NOT_FOUND",
      `No S3 objects found under S3 URL "${download.s3Uri}" given in input "${download.inputName}".`,
      { uri: download.s3Uri, inputName: download.inputName },
    );
  }
  return objects;
}

async function objectsBelow(
  store: ObjectStore,
  { s3Uri, inputName }: Download,
  signal: AbortSignal,
): Promise<readonly InputObject[]> {
  const { bucket, key } = parseS3Uri(s3Uri);
  const isFolder = key === "" || key.endsWith("/");
  const folder = isFolder ? key : `${key}/`;
  try {
    const objects: InputObject[] = [];
    if (!isFolder && (await store.head({ bucket, key })) !== null) {
      objects.push({ bucket, key, path: key.slice(key.lastIndexOf("/") + 1) });
    }
    for await (const summary of allBelow(store, { bucket, prefix: folder }, signal)) {
      if (summary.key !== folder)
        objects.push({ bucket, key: summary.key, path: summary.key.slice(folder.length) });
    }
    return objects;
  } catch (error) {
    if (!(error instanceof FieldmarkError) || error.fault !== "input") throw error;
    throw new FieldmarkError(
      "INPUT_NOT_FOUND",
      `No S3 objects found under S3 URL "${s3Uri}" given in input "${inputName}": ${error.message}`,
      { uri: s3Uri, inputName },
      error,
    );
  }
}

async function* allBelow(
  store: ObjectStore,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  signal: AbortSignal,
): AsyncGenerator<ObjectSummary> {
  let startAfter: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await store.list(bucket, prefix, startAfter);
    yield* page.objects;
    startAfter = page.next ?? undefined;
  } while (startAfter !== undefined);
}
