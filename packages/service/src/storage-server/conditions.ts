import { S3Error } from "./s3-errors.ts";

/** What an If-* header is compared with. */
export interface Validators {
  /** without quotes */
  readonly etag: string;
  readonly lastModified: Date;
}

export interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

const unquote = (etag: string): string =>
  etag
    .trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");

/** Whether a list of ETags (`"a", "b"`, `*`, or one without quotes, as clients send it) holds this one. */
function etagMatches(header: string, etag: string): boolean {
  return header.split(",").some((each) => unquote(each) === "*" || unquote(each) === etag);
}

/** HTTP dates have whole seconds; an unreadable date is as if it had not been sent. */
function isAfter(lastModified: Date, header: string | undefined): boolean | null {
  const at = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? null : Math.floor(lastModified.getTime() / 1000) > Math.floor(at / 1000);
}

/**
 * The conditions of a read, in the order of RFC 9110, 13.2.2: a matching ETag outranks the dates.
 *
 * @throws S3Error PreconditionFailed, NotModified (with the ETag and date a 200 would have carried)
 */
export function checkRead(conditions: Conditions, object: Validators): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!etagMatches(ifMatch, object.etag)) throw failed("If-Match");
  } else if (isAfter(object.lastModified, ifUnmodifiedSince) === true) throw failed("If-Unmodified-Since");
  const unchanged =
    ifNoneMatch !== undefined
      ? etagMatches(ifNoneMatch, object.etag)
      : isAfter(object.lastModified, ifModifiedSince) === false;
  if (unchanged) {
    throw new S3Error(
      "NotModified",
      {},
      { headers: { etag: `"${object.etag}"`, "last-modified": object.lastModified.toUTCString() } },
    );
  }
}

/** The conditions of a copy on its source: every one that fails is a 412, also those that would make a read a 304. */
export function checkCopySource(conditions: Conditions, source: Validators): void {
  try {
    checkRead(conditions, source);
  } catch (error) {
    if (!(error instanceof S3Error) || error.code !== "NotModified") throw error;
    throw failed(
      conditions.ifNoneMatch === undefined
        ? "x-amz-copy-source-If-Modified-Since"
        : "x-amz-copy-source-If-None-Match",
    );
  }
}

const failed = (condition: string): S3Error => new S3Error("PreconditionFailed", { Condition: condition });
