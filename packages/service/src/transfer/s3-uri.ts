import { FieldmarkError } from "@fieldmark/contract";

export interface S3Place {
  readonly bucket: string;
  /** A key or the beginning of keys; "" for the whole bucket. */
  readonly key: string;
}

/** @throws INPUT_NOT_FOUND when it is not `s3://bucket` or `s3://bucket/key` */
export function parseS3Uri(uri: string): S3Place {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri);
  if (match?.[1] === undefined) {
    throw new FieldmarkError("INPUT_NOT_FOUND", `"${uri}" is not of the form s3://bucket/key`, { uri });
  }
  return { bucket: match[1], key: match[2] ?? "" };
}
