import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { isBucketName } from "../names.ts";

/**
 * The one place where a bucket's name becomes a path: a name that no bucket can have (`..`) never does.
 * @throws BUCKET_NOT_FOUND
 */
export function bucketFolder(root: string, bucket: string): string {
  if (!isBucketName(bucket)) throw bucketNotFound(bucket);
  return join(root, bucket);
}

export function bucketNotFound(bucket: string): FieldmarkError {
  return new FieldmarkError("BUCKET_NOT_FOUND", `There is no bucket ${bucket}`, { bucket });
}
