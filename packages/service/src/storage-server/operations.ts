import { BUCKET_CONFIGURATIONS } from "./bucket-configuration.ts";
import type { Operation } from "./operation.ts";
import { abortMultipartUpload } from "./operations/abort-multipart-upload.ts";
import { deleteBucketConfiguration, getBucketConfiguration } from "./operations/bucket-configuration.ts";
import { createBucket, deleteBucket, getBucketLocation, headBucket } from "./operations/buckets.ts";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { createMultipartUpload } from "./operations/create-multipart-upload.ts";
import { deleteObject } from "./operations/delete-object.ts";
import { deleteObjects } from "./operations/delete-objects.ts";
import { getObject, headObject } from "./operations/get-object.ts";
import { getObjectAttributes } from "./operations/get-object-attributes.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listMultipartUploads } from "./operations/list-multipart-uploads.ts";
import { listObjectVersions } from "./operations/list-object-versions.ts";
import { listObjectsV1, listObjectsV2 } from "./operations/list-objects.ts";
import { listParts } from "./operations/list-parts.ts";
import { getObjectAcl, putObjectAcl } from "./operations/object-acl.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./operations/object-tagging.ts";
import { putObject } from "./operations/put-object.ts";
import { uploadPart } from "./operations/upload-part.ts";
import { uploadPartCopy } from "./operations/upload-part-copy.ts";
import { S3Error } from "./s3-errors.ts";
import type { S3Request } from "./s3-request.ts";

type Level = "service" | "bucket" | "object";

export interface Route {
  readonly name: string;
  readonly method: string;
  readonly level: Level;
  /** Parameters that have to be there, `name` or `name=value`. */
  readonly query?: readonly string[];
  /** A header that has to be there. */
  readonly header?: string;
  /** The bucket need not be there, and its name may be any text. */
  readonly makesBucket?: true;
  readonly operation: Operation;
}

/** Every operation that is served. The first row that fits a request answers it. */
export const ROUTES: readonly Route[] = [
  { name: "ListBuckets", method: "GET", level: "service", operation: listBuckets },

  {
    name: "GetBucketLocation",
    method: "GET",
    level: "bucket",
    query: ["location"],
    operation: getBucketLocation,
  },
  {
    name: "ListMultipartUploads",
    method: "GET",
    level: "bucket",
    query: ["uploads"],
    operation: listMultipartUploads,
  },
  ...Object.keys(BUCKET_CONFIGURATIONS).flatMap((name): readonly Route[] => [
    {
      name: `GetBucket ${name}`,
      method: "GET",
      level: "bucket",
      query: [name],
      operation: getBucketConfiguration(name),
    },
    {
      name: `DeleteBucket ${name}`,
      method: "DELETE",
      level: "bucket",
      query: [name],
      operation: deleteBucketConfiguration,
    },
  ]),
  {
    name: "ListObjectVersions",
    method: "GET",
    level: "bucket",
    query: ["versions"],
    operation: listObjectVersions,
  },
  { name: "ListObjectsV2", method: "GET", level: "bucket", query: ["list-type=2"], operation: listObjectsV2 },
  { name: "ListObjects", method: "GET", level: "bucket", operation: listObjectsV1 },
  { name: "CreateBucket", method: "PUT", level: "bucket", makesBucket: true, operation: createBucket },
  { name: "HeadBucket", method: "HEAD", level: "bucket", operation: headBucket },
  { name: "DeleteBucket", method: "DELETE", level: "bucket", operation: deleteBucket },
  { name: "DeleteObjects", method: "POST", level: "bucket", query: ["delete"], operation: deleteObjects },

  {
    name: "UploadPartCopy",
    method: "PUT",
    level: "object",
    query: ["partNumber", "uploadId"],
    header: "x-amz-copy-source",
    operation: uploadPartCopy,
  },
  {
    name: "UploadPart",
    method: "PUT",
    level: "object",
    query: ["partNumber", "uploadId"],
    operation: uploadPart,
  },
  { name: "ListParts", method: "GET", level: "object", query: ["uploadId"], operation: listParts },
  {
    name: "CompleteMultipartUpload",
    method: "POST",
    level: "object",
    query: ["uploadId"],
    operation: completeMultipartUpload,
  },
  {
    name: "AbortMultipartUpload",
    method: "DELETE",
    level: "object",
    query: ["uploadId"],
    operation: abortMultipartUpload,
  },
  {
    name: "CreateMultipartUpload",
    method: "POST",
    level: "object",
    query: ["uploads"],
    operation: createMultipartUpload,
  },
  {
    name: "GetObjectTagging",
    method: "GET",
    level: "object",
    query: ["tagging"],
    operation: getObjectTagging,
  },
  {
    name: "PutObjectTagging",
    method: "PUT",
    level: "object",
    query: ["tagging"],
    operation: putObjectTagging,
  },
  {
    name: "DeleteObjectTagging",
    method: "DELETE",
    level: "object",
    query: ["tagging"],
    operation: deleteObjectTagging,
  },
  { name: "GetObjectAcl", method: "GET", level: "object", query: ["acl"], operation: getObjectAcl },
  { name: "PutObjectAcl", method: "PUT", level: "object", query: ["acl"], operation: putObjectAcl },
  {
    name: "GetObjectAttributes",
    method: "GET",
    level: "object",
    query: ["attributes"],
    operation: getObjectAttributes,
  },
  { name: "CopyObject", method: "PUT", level: "object", header: "x-amz-copy-source", operation: copyObject },
  { name: "PutObject", method: "PUT", level: "object", operation: putObject },
  { name: "GetObject", method: "GET", level: "object", operation: getObject },
  { name: "HeadObject", method: "HEAD", level: "object", operation: headObject },
  { name: "DeleteObject", method: "DELETE", level: "object", operation: deleteObject },
];

/** Sub-resources of S3 beside those of the table: a request for one is refused, not taken for the plain request. */
const SUB_RESOURCES = new Set([
  ...ROUTES.flatMap(({ query = [] }) => query.filter((name) => !/[A-Z=]/.test(name))),
  ...["ownershipControls", "policyStatus", "publicAccessBlock", "requestPayment"],
  ...["restore", "select", "torrent", "legal-hold", "retention", "renameObject", "session"],
  ...[
    "metadataConfiguration",
    "metadataTable",
    "metadataInventoryTable",
    "metadataJournalTable",
    "encryption",
    "abac",
  ],
]);

/** @throws S3Error NotImplemented, MethodNotAllowed */
export function findRoute(request: S3Request): Route {
  const level: Level = request.bucket === "" ? "service" : request.key === "" ? "bucket" : "object";
  const fits = ROUTES.filter((route) => route.level === level && route.method === request.method);
  const asked = [...request.query.keys()].filter((name) => SUB_RESOURCES.has(name));
  const found = fits.find(
    ({ query = [], header }) =>
      query.every((wanted) => hasParameter(request.query, wanted)) &&
      (header === undefined || request.headers[header] !== undefined) &&
      asked.every((name) => query.includes(name)),
  );
  if (found !== undefined) return found;
  if (asked.length > 0 || request.method === "POST") {
    throw new S3Error("NotImplemented", {}, { message: "This operation is not implemented." });
  }
  throw new S3Error("MethodNotAllowed", { Method: request.method, ResourceType: level.toUpperCase() });
}

function hasParameter(query: ReadonlyMap<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  return equals < 0 ? query.has(wanted) : query.get(wanted.slice(0, equals)) === wanted.slice(equals + 1);
}
