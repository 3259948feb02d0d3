import type { Checksum, ObjectInfo, PartClaim, Upload, UploadPart } from "@fieldmark/object-store";
import { readExpectedDigests } from "../body/expected-digests.ts";
import { readSmallBody } from "../body/request-body.ts";
import { checksumXml, readChecksumClaims } from "../checksum-xml.ts";
import { uploadOf } from "../multipart-request.ts";
import { encryptionHeaders } from "../object-attributes.ts";
import type { Operation } from "../operation.ts";
import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import { xmlResponse } from "../s3-response.ts";
import { combineChecksums } from "../upload-checksum.ts";
import { parseXml, toXml, type XmlElement } from "../xml.ts";
import { readWriteConditions } from "./put-object.ts";

/** 10,000 parts with an ETag and a checksum each. */
const MAX_DOCUMENT = 4 << 20;
const MAX_PARTS = 10_000;

export const completeMultipartUpload: Operation = async (request, { store }) => {
  const ref = uploadOf(request);
  const conditions = readWriteConditions(request);
  const expected = readWholeChecksum(request);
  const body = await readSmallBody(withoutChecksum(request), MAX_DOCUMENT);
  if (body.length === 0) throw new S3Error("MalformedXML");
  const document = parseXml(body, "CompleteMultipartUpload");
  const claims = document.children("Part").map(readClaim);
  if (claims.length === 0 || claims.length > MAX_PARTS) throw new S3Error("MalformedXML");
  let upload: Upload | null = null;
  const info = await store.uploads.complete(ref, claims, {
    conditions,
    beforeAssembly: (parts, found) => {
      upload = found;
      checkClaims(claims, found);
      checkSize(request, parts);
      checkType(request, found);
    },
    beforeCommit: async (_, parts) => {
      const checksums = await combineChecksums(parts, {
        algorithm: upload?.checksumAlgorithm,
        type: upload?.checksumType,
      });
      if (expected !== null) compare(expected, checksums);
      return { checksums };
    },
  });
  return answer(request, info);
};

function answer(request: S3Request, info: ObjectInfo) {
  return xmlResponse(
    toXml("CompleteMultipartUploadResult", [
      ["Location", `${request.origin}/${request.bucket}/${encodeURIComponent(request.key)}`],
      ["Bucket", request.bucket],
      ["Key", request.key],
      ["ETag", `"${info.etag}"`],
      ...checksumXml(info.attributes.checksums),
    ]),
    encryptionHeaders(info.attributes),
  );
}

/** What the client holds the finished object's checksum to be; a composite one may have its `-n` behind it. */
function readWholeChecksum(
  request: S3Request,
): { readonly algorithm: string; readonly value: string } | null {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value).replace(/-\d+$/, "")]),
  );
  const { checksum } = readExpectedDigests({ headers });
  return checksum === null ? null : { algorithm: checksum.algorithm, value: checksum.value ?? "" };
}

/** Here x-amz-checksum-* is of the finished object, not of the document that is sent. */
const withoutChecksum = (request: S3Request): S3Request => ({
  ...request,
  headers: Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !/^x-amz-(checksum-|sdk-checksum-algorithm)/.test(name),
    ),
  ),
});

function readClaim(part: XmlElement): PartClaim {
  const number = Number(part.text("PartNumber") ?? Number.NaN);
  const etag = part.text("ETag");
  if (!Number.isInteger(number) || etag === null) throw new S3Error("MalformedXML");
  if (number < 1 || number > MAX_PARTS) {
    throw invalidArgument("PartNumber must be >= 1 and <= 10000", "PartNumber", String(number));
  }
  return { number, etag: etag.trim().replace(/^"(.*)"$/, "$1"), checksums: readChecksumClaims(part) };
}

/** A composite checksum is of checksums that the client has to name. */
function checkClaims(claims: readonly PartClaim[], { checksumAlgorithm, checksumType }: Upload): void {
  if (checksumAlgorithm === undefined || checksumType !== "COMPOSITE") return;
  const lacking = claims.find(({ checksums = [] }) =>
    checksums.every(({ algorithm }) => algorithm !== checksumAlgorithm),
  );
  if (lacking === undefined) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message: `The upload was created using a ${checksumAlgorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${lacking.number} in the request.`,
    },
  );
}

function checkSize(request: S3Request, parts: readonly UploadPart[]): void {
  const text = header(request, "x-amz-mp-object-size");
  if (text === undefined) return;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (Number(text) !== size) {
    throw new S3Error(
      "InvalidRequest",
      {},
      {
        message: `The provided 'x-amz-mp-object-size' header value ${text} does not match what was computed: ${size}`,
      },
    );
  }
}

function checkType(request: S3Request, { checksumType }: Upload): void {
  const asked = header(request, "x-amz-checksum-type")?.toUpperCase();
  if (asked === undefined || checksumType === undefined || asked === checksumType) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message: `The upload was created using the ${checksumType} checksum mode. The complete request must use the same checksum mode.`,
    },
  );
}

function compare(
  { algorithm, value }: { readonly algorithm: string; readonly value: string },
  computed: readonly Checksum[],
): void {
  const found = computed.find((each) => each.algorithm === algorithm);
  if (found === undefined || found.value.replace(/-\d+$/, "") === value) return;
  throw new S3Error(
    "BadDigest",
    {},
    { message: `The ${algorithm} you specified did not match the calculated checksum.` },
  );
}
