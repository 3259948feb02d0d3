import { FieldmarkError } from "@fieldmark/contract";

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IP_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const RESERVED = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** Longest key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * S3's rules for general purpose buckets.
 * @throws BUCKET_NAME_INVALID
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function checkBucketName(name: string): void {
  if (!isBucketName(name)) {
    throw new FieldmarkError(
      "BUCKET_NAME_INVALID",
      `"${name}" is not a bucket name: expected 3–63 of a–z, 0–9, "-" and single ".", a letter or digit at both ends, not an IP address and no reserved prefix or suffix`,
      { bucket: name },
    );
  }
}

export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && !name.includes("..") && !IP_ADDRESS.test(name) && !RESERVED.test(name);
}

/** @throws KEY_INVALID, KEY_TOO_LONG */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) {
    throw new FieldmarkError(
      "KEY_TOO_LONG",
      `The key has ${bytes} bytes, expected at most ${MAX_KEY_BYTES}`,
      {
        bytes,
      },
    );
  }
  if (bytes === 0 || key.includes("\0") || !isWellFormed(key)) {
    throw new FieldmarkError(
      "KEY_INVALID",
      `The key ${JSON.stringify(key)} is empty, holds a NUL, or is not Unicode`,
      { key: JSON.stringify(key) },
    );
  }
}

/** No lone surrogate: such a string has no UTF-8 form. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
