import type { Checksum, UploadPart } from "@fieldmark/object-store";
import { CHECKSUMS, type ChecksumName, isChecksumName } from "./body/checksums.ts";
import { type CrcPolynomial, combineCrcs } from "./body/crc-combine.ts";
import { S3Error } from "./s3-errors.ts";

type ChecksumType = Checksum["type"];

/**
 * What kind of checksum an upload gets: as asked, else FULL_OBJECT for CRC64NVME and COMPOSITE for the others.
 *
 * @throws S3Error InvalidRequest where there is no such kind: a SHA of a whole does not follow from its parts'
 */
export function readChecksumType(asked: string | undefined, algorithm: ChecksumName): ChecksumType {
  const natural = algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  if (asked === undefined) return natural;
  const isPossible =
    asked === "COMPOSITE"
      ? algorithm !== "CRC64NVME"
      : asked === "FULL_OBJECT" && CHECKSUMS[algorithm].crc !== null;
  if (isPossible) return asked === "COMPOSITE" ? "COMPOSITE" : "FULL_OBJECT";
  throw new S3Error(
    "InvalidRequest",
    {},
    {
      message: `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    },
  );
}

/** The checksum of the finished object, from its parts'; none where a part lacks one. */
export async function combineChecksums(
  parts: readonly Pick<UploadPart, "size" | "checksums">[],
  { algorithm, type }: { readonly algorithm: string | undefined; readonly type: ChecksumType | undefined },
): Promise<readonly Checksum[]> {
  if (algorithm === undefined || !isChecksumName(algorithm) || type === undefined) return [];
  const digests = parts.flatMap(({ size, checksums }) =>
    checksums.filter((each) => each.algorithm === algorithm).map(({ value }) => ({ size, value })),
  );
  if (digests.length !== parts.length) return [];
  const { crc } = CHECKSUMS[algorithm];
  if (type === "FULL_OBJECT" && crc !== null) {
    return [{ algorithm, value: combined(digests, crc), type }];
  }
  return [{ algorithm, value: `${await composite(digests, algorithm)}-${parts.length}`, type: "COMPOSITE" }];
}

interface PartDigest {
  readonly size: number;
  /** base64 */
  readonly value: string;
}

function combined(digests: readonly PartDigest[], crc: CrcPolynomial): string {
  const parts = digests.map(({ size, value }) => ({
    size,
    crc: BigInt(`0x${Buffer.from(value, "base64").toString("hex")}`),
  }));
  const hex = combineCrcs(parts, crc)
    .toString(16)
    .padStart(crc.width / 4, "0");
  return Buffer.from(hex, "hex").toString("base64");
}

async function composite(digests: readonly PartDigest[], algorithm: ChecksumName): Promise<string> {
  const running = CHECKSUMS[algorithm].start();
  for (const { value } of digests) running.update(Buffer.from(value, "base64"));
  return (await running.digest()).toString("base64");
}
