import { ERRORS, type ErrorCode, FieldmarkError } from "@fieldmark/contract";
import { isS3ErrorCode, S3Error, type S3ErrorFields } from "./s3-errors.ts";

type Details = Readonly<Record<string, string>>;

/** What S3 adds to an error's document, from what the object store says of it. */
const FIELDS: Partial<Record<ErrorCode, (details: Details) => S3ErrorFields>> = {
  BUCKET_NOT_FOUND: ({ bucket = "" }) => ({ BucketName: bucket }),
  BUCKET_NAME_INVALID: ({ bucket = "" }) => ({ BucketName: bucket }),
  BUCKET_NOT_EMPTY: ({ bucket = "" }) => ({ BucketName: bucket }),
  OBJECT_NOT_FOUND: ({ key = "" }) => ({ Key: key }),
  KEY_TOO_LONG: ({ bytes = "" }) => ({ Size: bytes, MaxSizeAllowed: 1024 }),
  PRECONDITION_FAILED: ({ condition = "" }) => ({ Condition: condition }),
  UPLOAD_NOT_FOUND: ({ uploadId = "" }) => ({ UploadId: uploadId }),
  PART_INVALID: ({ number = "", etag = "" }) => ({ PartNumber: number, ETag: etag }),
  PART_TOO_SMALL: ({ size = "", minimum = "", number = "", etag = "" }) => ({
    ProposedSize: size,
    MinSizeAllowed: minimum,
    PartNumber: number,
    ETag: etag,
  }),
};

/** An error in S3's words, which the error table names; anything else is InternalError, a defect of ours. */
export function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  const code = error instanceof FieldmarkError ? ERRORS[error.code].aws : "";
  if (!(error instanceof FieldmarkError) || !isS3ErrorCode(code)) {
    return new S3Error("InternalError", {}, { cause: error });
  }
  const details = Object.fromEntries(
    Object.entries(error.details).map(([name, value]) => [name, String(value)]),
  );
  return new S3Error(code, FIELDS[error.code]?.(details) ?? {}, { cause: error });
}
