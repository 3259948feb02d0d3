import type { Upload } from "@fieldmark/object-store";
import { type ChecksumName, checksumHeaders, isChecksumName } from "../body/checksums.ts";
import { MAX_PUT_BYTES, openBody } from "../body/request-body.ts";
import { readPartNumber, uploadOf } from "../multipart-request.ts";
import { encryptionHeaders } from "../object-attributes.ts";
import type { Operation } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";

export const uploadPart: Operation = async (request, { store }) => {
  const number = readPartNumber(request);
  const upload = await store.uploads.get(uploadOf(request));
  const expected = algorithmOf(upload);
  const body = openBody(request, { maxBytes: MAX_PUT_BYTES, otherwise: expected });
  checkAlgorithm(expected, body.algorithm);
  const part = await store.uploads.putPart(upload, number, {
    body: body.bytes,
    size: body.size,
    options: { beforeCommit: async ({ md5 }) => await body.verify(md5) },
  });
  const { "x-amz-checksum-type": _, ...checksums } = checksumHeaders(part.checksums);
  return { headers: { etag: `"${part.etag}"`, ...checksums, ...encryptionHeaders(upload.attributes) } };
};

/** The checksum that every part of an upload has. */
export const algorithmOf = ({ checksumAlgorithm }: Upload): ChecksumName | null =>
  checksumAlgorithm !== undefined && isChecksumName(checksumAlgorithm) ? checksumAlgorithm : null;

function checkAlgorithm(expected: ChecksumName | null, sent: ChecksumName | null): void {
  if (expected === null || sent === null || expected === sent) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message: `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${sent.toLowerCase()}`,
    },
  );
}
