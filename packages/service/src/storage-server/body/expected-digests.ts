import { invalidArgument, S3Error } from "../s3-errors.ts";
import { header, type S3Request } from "../s3-request.ts";
import {
  CHECKSUM_NAMES,
  CHECKSUMS,
  type ChecksumName,
  checksumHeader,
  isBase64Of,
  isChecksumName,
} from "./checksums.ts";

/** What the headers of a request promise of its body. */
export interface ExpectedDigests {
  /** base64 */
  readonly md5: string | null;
  /** `value` is null where a trailer brings it. */
  readonly checksum: { readonly algorithm: ChecksumName; readonly value: string | null } | null;
}

/** @throws S3Error InvalidDigest, InvalidRequest when the headers cannot be digests or contradict one another */
export function readExpectedDigests(request: Pick<S3Request, "headers">): ExpectedDigests {
  const md5 = header(request, "content-md5") ?? null;
  if (md5 !== null && !isBase64Of(md5, 16)) throw new S3Error("InvalidDigest", { "Content-MD5": md5 });
  const sent = CHECKSUM_NAMES.filter((algorithm) => header(request, checksumHeader(algorithm)) !== undefined);
  const trailer = readTrailerName(request);
  const [algorithm] = [...sent, ...(trailer === null ? [] : [trailer])];
  if (sent.length + (trailer === null ? 0 : 1) > 1) {
    throw invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  checkSdkAlgorithm(header(request, "x-amz-sdk-checksum-algorithm"), algorithm);
  if (algorithm === undefined) return { md5, checksum: null };
  const value = header(request, checksumHeader(algorithm)) ?? null;
  if (value !== null && !isBase64Of(value, CHECKSUMS[algorithm].bytes)) throw invalidChecksum(algorithm);
  return { md5, checksum: { algorithm, value } };
}

export const invalidChecksum = (algorithm: ChecksumName): S3Error =>
  invalid(`Value for ${checksumHeader(algorithm)} header is invalid.`);

const invalid = (message: string): S3Error => new S3Error("InvalidRequest", {}, { message });

function readTrailerName(request: Pick<S3Request, "headers">): ChecksumName | null {
  const name = header(request, "x-amz-trailer")?.trim().toLowerCase();
  if (name === undefined) return null;
  const algorithm = name.replace(/^x-amz-checksum-/, "").toUpperCase();
  if (!name.startsWith("x-amz-checksum-") || !isChecksumName(algorithm)) {
    throw invalid("The value specified in the x-amz-trailer header is not supported");
  }
  return algorithm;
}

/** x-amz-sdk-checksum-algorithm says which checksum the SDK sends; one that is not sent is a mistake of the client. */
function checkSdkAlgorithm(named: string | undefined, sent: ChecksumName | undefined): void {
  if (named === undefined) return;
  if (!isChecksumName(named.toUpperCase())) {
    throw invalid(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  }
  if (sent === undefined) {
    throw invalid(
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  if (named.toUpperCase() !== sent)
    throw invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.");
}

/** x-amz-checksum-algorithm of CreateMultipartUpload and CopyObject. */
export function readChecksumAlgorithm(request: Pick<S3Request, "headers">): ChecksumName | undefined {
  const named = header(request, "x-amz-checksum-algorithm")?.toUpperCase();
  if (named === undefined || isChecksumName(named)) return named;
  throw invalidArgument(
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    "x-amz-checksum-algorithm",
    named,
  );
}
