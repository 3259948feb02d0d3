import type { UploadRef } from "@fieldmark/object-store";
import { invalidArgument } from "./s3-errors.ts";
import type { S3Request } from "./s3-request.ts";

export const uploadOf = ({ bucket, key, query }: S3Request): UploadRef => ({
  bucket,
  key,
  uploadId: query.get("uploadId") ?? "",
});

/** @throws S3Error InvalidArgument */
export function readPartNumber({ query }: Pick<S3Request, "query">): number {
  const text = query.get("partNumber") ?? "";
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 10_000) {
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      text,
    );
  }
  return number;
}
