import type { ObjectAttributes, ObjectInfo } from "@fieldmark/object-store";
import { decodeMetadataValue, encodeMetadataValue } from "./metadata-value.ts";
import { invalidArgument, S3Error } from "./s3-errors.ts";
import { header, type S3Request } from "./s3-request.ts";
import { parseTagHeader } from "./tags.ts";

type HeadersOf = Pick<S3Request, "headers">;

const META = "x-amz-meta-";
const SSE = "x-amz-server-side-encryption";
const SSE_HEADERS = [SSE, `${SSE}-aws-kms-key-id`, `${SSE}-context`, `${SSE}-bucket-key-enabled`];
const SSE_VALUES = ["AES256", "aws:kms", "aws:kms:dsse"];
const MAX_METADATA_BYTES = 2048;
const STORAGE_CLASSES = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
];
/** They would change nothing where every object is its bucket's owner's; those that would are refused. */
const HARMLESS_ACLS = ["private", "bucket-owner-full-control", "bucket-owner-read"];
const GRANTS = ["read", "write", "read-acp", "write-acp", "full-control"].map(
  (grant) => `x-amz-grant-${grant}`,
);

/**
 * What the headers of a write say of the object.
 *
 * @throws S3Error MetadataTooLarge, InvalidStorageClass, InvalidTag, …
 */
export function readAttributes(request: HeadersOf): ObjectAttributes {
  refuseUnsupported(request);
  return {
    ...readMetadata(request),
    ...readEncryption(request),
    ...readStorageClass(request),
    tags: parseTagHeader(header(request, "x-amz-tagging")),
  };
}

/** The part of the attributes that x-amz-metadata-directive is about. */
export function readMetadata(request: HeadersOf): ObjectAttributes {
  return {
    contentType: header(request, "content-type"),
    cacheControl: header(request, "cache-control"),
    contentDisposition: header(request, "content-disposition"),
    contentEncoding: withoutAwsChunked(header(request, "content-encoding")),
    contentLanguage: header(request, "content-language"),
    expires: header(request, "expires"),
    websiteRedirectLocation: header(request, "x-amz-website-redirect-location"),
    userMetadata: readUserMetadata(request),
  };
}

export function readStorageClass(request: HeadersOf): ObjectAttributes {
  const storageClass = header(request, "x-amz-storage-class");
  if (storageClass !== undefined && !STORAGE_CLASSES.includes(storageClass)) {
    throw new S3Error("InvalidStorageClass", { StorageClassRequested: storageClass });
  }
  return { storageClass };
}

export function readEncryption(request: HeadersOf): ObjectAttributes {
  if (
    header(request, `${SSE}-customer-algorithm`) !== undefined ||
    header(request, `${SSE}-customer-key`) !== undefined
  ) {
    throw new S3Error(
      "InvalidRequest",
      {},
      {
        message:
          "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.",
      },
    );
  }
  const sent = SSE_HEADERS.flatMap((name) => {
    const value = header(request, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const algorithm = header(request, SSE);
  if (algorithm !== undefined && !SSE_VALUES.includes(algorithm))
    throw new S3Error("InvalidEncryptionAlgorithmError");
  if (header(request, `${SSE}-aws-kms-key-id`) !== undefined && !algorithm?.startsWith("aws:kms")) {
    throw invalidArgument(
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
      SSE,
      algorithm ?? "null",
    );
  }
  return sent.length === 0 ? {} : { encryption: Object.fromEntries(sent) };
}

export function refuseUnsupported(request: HeadersOf): void {
  const acl = header(request, "x-amz-acl");
  if (
    (acl !== undefined && !HARMLESS_ACLS.includes(acl)) ||
    GRANTS.some((name) => header(request, name) !== undefined)
  ) {
    throw new S3Error("AccessControlListNotSupported");
  }
  if (Object.keys(request.headers).some((name) => name.startsWith("x-amz-object-lock-"))) {
    throw new S3Error("InvalidRequest", {}, { message: "Bucket is missing Object Lock Configuration" });
  }
}

function readUserMetadata(request: HeadersOf): Readonly<Record<string, string>> {
  const entries = Object.keys(request.headers)
    .filter((name) => name.startsWith(META))
    .map((name) => [name.slice(META.length), decodeMetadataValue(header(request, name) ?? "")] as const);
  const size = entries.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (size > MAX_METADATA_BYTES) {
    throw new S3Error("MetadataTooLarge", { Size: size, MaxSizeAllowed: MAX_METADATA_BYTES });
  }
  return Object.fromEntries(entries);
}

/** aws-chunked is how the body travelled, not what it is. */
function withoutAwsChunked(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !encoding.includes("aws-chunked")) return encoding;
  const left = encoding
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "aws-chunked" && each !== "");
  return left.length === 0 ? undefined : left.join(", ");
}

type Headers = Readonly<Record<string, string>>;

/** Headers of a GET's or HEAD's answer that tell what the object is. */
export function objectHeaders(info: ObjectInfo): Headers {
  const { attributes } = info;
  const { storageClass, tags = [] } = attributes;
  return {
    etag: `"${info.etag}"`,
    "last-modified": info.lastModified.toUTCString(),
    "accept-ranges": "bytes",
    "content-type": attributes.contentType ?? "binary/octet-stream",
    ...present({
      "cache-control": attributes.cacheControl,
      "content-disposition": attributes.contentDisposition,
      "content-encoding": attributes.contentEncoding,
      "content-language": attributes.contentLanguage,
      expires: attributes.expires,
      "x-amz-website-redirect-location": attributes.websiteRedirectLocation,
      "x-amz-storage-class": storageClass === "STANDARD" ? undefined : storageClass,
      "x-amz-tagging-count": tags.length === 0 ? undefined : String(tags.length),
    }),
    ...encryptionHeaders(attributes),
    ...Object.fromEntries(
      Object.entries(attributes.userMetadata ?? {}).map(([name, value]) => [
        META + name,
        encodeMetadataValue(value),
      ]),
    ),
  };
}

/** The encryption that was asked for, told again; the context is not told, as on AWS. */
export const encryptionHeaders = ({ encryption = {} }: ObjectAttributes): Headers =>
  Object.fromEntries(Object.entries(encryption).filter(([name]) => name !== `${SSE}-context`));

const present = (headers: Readonly<Record<string, string | undefined>>): Headers =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const OVERRIDES = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
];

/** `response-content-type=…` and its kin: what the reader wants the answer's headers to be. */
export const overriddenHeaders = (query: ReadonlyMap<string, string>): Headers =>
  present(Object.fromEntries(OVERRIDES.map((name) => [name, query.get(`response-${name}`)])));
