import { checksumXml } from "../checksum-xml.ts";
import { uploadOf } from "../multipart-request.ts";
import type { Operation } from "../operation.ts";
import { ownerXml } from "../owner.ts";
import { readCount } from "../paging.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml, type XmlEntry } from "../xml.ts";

export const listParts: Operation = async (request, { store }) => {
  const limit = readCount(request.query, "max-parts");
  const marker = readCount(request.query, "part-number-marker", { most: 10_000, otherwise: 0 });
  const upload = await store.uploads.get(uploadOf(request));
  const after = (await store.uploads.listParts(upload)).filter(({ number }) => number > marker);
  const page = after.slice(0, limit);
  return xmlResponse(
    toXml("ListPartsResult", [
      ["Bucket", upload.bucket],
      ["Key", upload.key],
      ["UploadId", upload.uploadId],
      ownerXml("Initiator"),
      ownerXml("Owner"),
      ["StorageClass", upload.attributes.storageClass ?? "STANDARD"],
      ["PartNumberMarker", marker],
      ["NextPartNumberMarker", page.at(-1)?.number ?? 0],
      ["MaxParts", limit],
      ["IsTruncated", limit > 0 && after.length > page.length],
      ["ChecksumAlgorithm", upload.checksumAlgorithm],
      ["ChecksumType", upload.checksumType],
      ...page.map(
        ({ number, lastModified, etag, size, checksums }): XmlEntry => [
          "Part",
          [
            ["PartNumber", number],
            ["LastModified", lastModified],
            ["ETag", `"${etag}"`],
            ["Size", size],
            ...checksumXml(checksums).filter(([name]) => name !== "ChecksumType"),
          ],
        ],
      ),
    ]),
  );
};
