import type { PutConditions } from "@fieldmark/object-store";
import { checksumHeaders } from "../body/checksums.ts";
import { MAX_PUT_BYTES, openBody } from "../body/request-body.ts";
import { encryptionHeaders, readAttributes } from "../object-attributes.ts";
import { type Operation, refOf } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";

export const putObject: Operation = async (request, { store }) => {
  const conditions = readWriteConditions(request);
  const attributes = readAttributes(request);
  const body = openBody(request, { maxBytes: MAX_PUT_BYTES });
  const info = await store.put(refOf(request), body.bytes, {
    attributes,
    conditions,
    beforeCommit: async ({ md5 }) => ({ checksums: await body.verify(md5) }),
  });
  return {
    headers: {
      etag: `"${info.etag}"`,
      ...checksumHeaders(info.attributes.checksums),
      ...encryptionHeaders(attributes),
      "x-amz-object-size": String(info.size),
    },
  };
};

/** Conditional writes: S3 takes one ETag in If-Match and only `*` in If-None-Match. */
export function readWriteConditions(request: S3Request): PutConditions {
  const ifMatch = header(request, "if-match");
  const ifNoneMatch = header(request, "if-none-match");
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    throw new S3Error("NotImplemented", {
      Header: "If-None-Match",
      additionalMessage: "We don't accept the provided value of If-None-Match header for this API",
    });
  }
  return { ifMatch: ifMatch?.replace(/^"(.*)"$/, "$1"), ifNoneMatch };
}
