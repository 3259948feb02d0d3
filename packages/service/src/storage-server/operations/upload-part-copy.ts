import type { ByteRange, ObjectInfo } from "@fieldmark/object-store";
import { CHECKSUMS } from "../body/checksums.ts";
import { checksumXml } from "../checksum-xml.ts";
import { checkSourceConditions, readCopySource } from "../copy-source.ts";
import { readPartNumber, uploadOf } from "../multipart-request.ts";
import { encryptionHeaders } from "../object-attributes.ts";
import type { Operation } from "../operation.ts";
import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { xmlResponse } from "../s3-response.ts";
import { toXml } from "../xml.ts";
import { algorithmOf } from "./upload-part.ts";

const MAX_PART_BYTES = 5 * 2 ** 30;
const COPY_RANGE = "x-amz-copy-source-range";

export const uploadPartCopy: Operation = async (request, { store }) => {
  const number = readPartNumber(request);
  const source = await readCopySource(request, store);
  const upload = await store.uploads.get(uploadOf(request));
  const algorithm = algorithmOf(upload);
  const opened = await store.open(source);
  if (opened === null) throw new S3Error("NoSuchKey", { Key: source.key });
  try {
    checkSourceConditions(request, opened.info);
    const range = readCopyRange(request, opened.info);
    const running = algorithm === null ? null : CHECKSUMS[algorithm].start();
    const body = async function* (): AsyncGenerator<Buffer, void, undefined> {
      for await (const piece of opened.read(range)) {
        running?.update(piece);
        yield piece;
      }
    };
    const part = await store.uploads.putPart(upload, number, {
      body: body(),
      size: range?.length ?? opened.info.size,
      options: {
        beforeCommit: async () =>
          algorithm === null || running === null
            ? []
            : [{ algorithm, value: (await running.digest()).toString("base64"), type: "FULL_OBJECT" }],
      },
    });
    return xmlResponse(
      toXml("CopyPartResult", [
        ["LastModified", part.lastModified],
        ["ETag", `"${part.etag}"`],
        ...checksumXml(part.checksums).filter(([name]) => name !== "ChecksumType"),
      ]),
      encryptionHeaders(upload.attributes),
    );
  } finally {
    await opened.close();
  }
};

/** `bytes=first-last`, both given and inside the source; no header is the whole source. */
function readCopyRange(request: S3Request, { size }: ObjectInfo): ByteRange {
  const text = header(request, COPY_RANGE);
  if (text === undefined) return checkLength({ offset: 0, length: size });
  const match = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || first > last) {
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      COPY_RANGE,
      text,
    );
  }
  if (last >= size) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      COPY_RANGE,
      text,
    );
  }
  return checkLength({ offset: first, length: last - first + 1 });
}

function checkLength(range: ByteRange): ByteRange {
  if (range.length <= MAX_PART_BYTES) return range;
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PART_BYTES}`,
    },
  );
}
