import type { FolderStore, ObjectInfo, ObjectRef } from "@fieldmark/object-store";
import { S3Error } from "./s3-errors.ts";
import type { S3Request } from "./s3-request.ts";
import type { S3Response } from "./s3-response.ts";

export interface S3Context {
  readonly store: FolderStore;
  readonly region: string;
  readonly now: () => Date;
}

/** One S3 operation. @throws S3Error, or the object store's errors */
export type Operation = (request: S3Request, context: S3Context) => Promise<S3Response>;

export const refOf = ({ bucket, key }: Pick<S3Request, "bucket" | "key">): ObjectRef => ({ bucket, key });

/** @throws S3Error NoSuchBucket */
export async function requireBucket(store: FolderStore, bucket: string): Promise<void> {
  if (!(await store.bucketExists(bucket))) throw new S3Error("NoSuchBucket", { BucketName: bucket });
}

/** @throws S3Error NoSuchKey, or BUCKET_NOT_FOUND */
export async function requireObject(store: FolderStore, ref: ObjectRef): Promise<ObjectInfo> {
  const info = await store.head(ref);
  if (info === null) throw new S3Error("NoSuchKey", { Key: ref.key });
  return info;
}
