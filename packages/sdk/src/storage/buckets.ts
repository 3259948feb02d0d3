import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  HeadBucketCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { answer, isRefusal } from "../service-failure.ts";

/** Makes the bucket when there is none of the name. */
export async function ensureBucket(
  s3: S3Client,
  { bucket, region }: { readonly bucket: string; readonly region: string },
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  try {
    await answer(`HeadBucket ${bucket}`, s3.send(new HeadBucketCommand({ Bucket: bucket }), options));
    return;
  } catch (error) {
    if (!isRefusal(error, "NotFound", "NoSuchBucket")) throw error;
  }
  const LocationConstraint = region as BucketLocationConstraint;
  const place = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint } };
  try {
    await answer(
      `CreateBucket ${bucket}`,
      s3.send(new CreateBucketCommand({ Bucket: bucket, ...place }), options),
    );
  } catch (error) {
    // another process of the same account was faster
    if (!isRefusal(error, "BucketAlreadyOwnedByYou")) throw error;
  }
}
