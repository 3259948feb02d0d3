import { readChecksumAlgorithm } from "../body/expected-digests.ts";
import { encryptionHeaders, readAttributes } from "../object-attributes.ts";
import { type Operation, refOf } from "../operation.ts";
import { S3Error } from "../s3-errors.ts";
import { header } from "../s3-request.ts";
import { xmlResponse } from "../s3-response.ts";
import { readChecksumType } from "../upload-checksum.ts";
import { toXml } from "../xml.ts";

export const createMultipartUpload: Operation = async (request, { store }) => {
  const attributes = readAttributes(request);
  const algorithm = readChecksumAlgorithm(request);
  const asked = header(request, "x-amz-checksum-type")?.toUpperCase();
  if (algorithm === undefined && asked !== undefined) {
    throw new S3Error(
      "InvalidRequest",
      {},
      {
        message: "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
      },
    );
  }
  const type = algorithm === undefined ? undefined : readChecksumType(asked, algorithm);
  const upload = await store.uploads.create(refOf(request), {
    attributes,
    checksumAlgorithm: algorithm,
    checksumType: type,
  });
  return xmlResponse(
    toXml("InitiateMultipartUploadResult", [
      ["Bucket", upload.bucket],
      ["Key", upload.key],
      ["UploadId", upload.uploadId],
    ]),
    {
      ...(algorithm === undefined ? {} : { "x-amz-checksum-algorithm": algorithm }),
      ...(type === undefined ? {} : { "x-amz-checksum-type": type }),
      ...encryptionHeaders(attributes),
    },
  );
};
