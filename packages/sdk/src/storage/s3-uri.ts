import { FieldmarkError } from "@fieldmark/contract";

/** A place in S3: `s3://bucket/key`; the key may be empty or a prefix. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

export function isS3Uri(text: string): boolean {
  return text.startsWith("s3://");
}

/** @throws REQUEST_INVALID when the text is no `s3://bucket/key` */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined)
    throw new FieldmarkError("REQUEST_INVALID", `"${uri}": expected s3://bucket/key`, { uri });
  return { bucket, key };
}

/** Parts joined by single slashes, empty ones left out: `("s3://b", "", "job", "input")` → `s3://b/job/input`. */
export function joinS3Uri(start: string, ...parts: readonly string[]): string {
  return [
    start.replace(/\/+$/, ""),
    ...parts.map((part) => part.replace(/^\/+|\/+$/g, "")).filter(Boolean),
  ].join("/");
}
