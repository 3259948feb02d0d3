import type { FolderStore, ObjectInfo, ObjectRef } from "@fieldmark/object-store";
import { checkCopySource } from "./conditions.ts";
import { requireBucket } from "./operation.ts";
import { refuseVersions } from "./operations/get-object.ts";
import { invalidArgument } from "./s3-errors.ts";
import { header, type S3Request } from "./s3-request.ts";

export const COPY_SOURCE = "x-amz-copy-source";

/**
 * x-amz-copy-source: `bucket/key`, percent-encoded, perhaps with a slash before and a `?versionId=` behind.
 *
 * @throws S3Error InvalidArgument, NoSuchBucket
 */
export async function readCopySource(request: S3Request, store: FolderStore): Promise<ObjectRef> {
  const text = header(request, COPY_SOURCE) ?? "";
  const [path = "", version] = text.split("?versionId=");
  const malformed = invalidArgument(
    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    COPY_SOURCE,
    text,
  );
  let decoded: string;
  try {
    // Node reads a header's bytes one character each; a client may leave UTF-8 in it as it is.
    decoded = decodeURIComponent(Buffer.from(path, "latin1").toString("utf8"));
  } catch {
    throw malformed;
  }
  const [bucket = "", ...rest] = decoded.replace(/^\//, "").split("/");
  const key = rest.join("/");
  if (bucket === "" || key === "") throw malformed;
  refuseVersions({ key, query: new Map(version === undefined ? [] : [["versionId", version]]) });
  await requireBucket(store, bucket);
  return { bucket, key };
}

/** @throws S3Error PreconditionFailed */
export function checkSourceConditions(request: S3Request, source: ObjectInfo): void {
  checkCopySource(
    {
      ifMatch: header(request, `${COPY_SOURCE}-if-match`),
      ifNoneMatch: header(request, `${COPY_SOURCE}-if-none-match`),
      ifModifiedSince: header(request, `${COPY_SOURCE}-if-modified-since`),
      ifUnmodifiedSince: header(request, `${COPY_SOURCE}-if-unmodified-since`),
    },
    source,
  );
}
