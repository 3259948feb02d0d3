import { FieldmarkError } from "@fieldmark/contract";
import { S3Error } from "./s3-errors.ts";

/** Errors of the object store in S3's words; anything unknown is InternalError, a defect of ours. */
export function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (!(error instanceof FieldmarkError)) return new S3Error("InternalError", {}, { cause: error });
  const text = (name: string): string => String(error.details[name] ?? "");
  switch (error.code) {
    case "BUCKET_NOT_FOUND":
      return new S3Error("NoSuchBucket", { BucketName: text("bucket") });
    case "BUCKET_NAME_INVALID":
      return new S3Error("InvalidBucketName", { BucketName: text("bucket") });
    case "BUCKET_NOT_EMPTY":
      return new S3Error("BucketNotEmpty", { BucketName: text("bucket") });
    case "OBJECT_NOT_FOUND":
      return new S3Error("NoSuchKey", { Key: text("key") });
    case "KEY_INVALID":
      return new S3Error("InvalidURI", {}, { message: error.message });
    case "KEY_TOO_LONG":
      return new S3Error("KeyTooLongError", { Size: text("bytes"), MaxSizeAllowed: 1024 });
    case "PRECONDITION_FAILED":
      return new S3Error("PreconditionFailed", { Condition: text("condition") });
    case "UPLOAD_NOT_FOUND":
      return new S3Error("NoSuchUpload", { UploadId: text("uploadId") });
    case "PART_INVALID":
      return new S3Error("InvalidPart", {
        UploadId: text("uploadId"),
        PartNumber: text("number"),
        ETag: text("etag"),
      });
    case "PART_ORDER_INVALID":
      return new S3Error("InvalidPartOrder");
    case "PART_TOO_SMALL":
      return new S3Error("EntityTooSmall", {
        ProposedSize: text("size"),
        MinSizeAllowed: text("minimum"),
        PartNumber: text("number"),
        ETag: text("etag"),
      });
    default:
      return new S3Error("InternalError", {}, { cause: error });
  }
}
