import type { Checksum } from "@fieldmark/object-store";
import { CHECKSUM_NAMES, CHECKSUMS, isBase64Of } from "./body/checksums.ts";
import { invalidChecksum } from "./body/expected-digests.ts";
import type { XmlElement, XmlEntry } from "./xml.ts";

/** `<ChecksumCRC32>…` and what kind it is, as documents tell of checksums. */
export function checksumXml(checksums: readonly Checksum[] = []): readonly XmlEntry[] {
  const [first] = checksums;
  return [
    ...checksums.map(({ algorithm, value }): XmlEntry => [`Checksum${algorithm}`, value]),
    ...(first === undefined ? [] : ([["ChecksumType", first.type]] as const)),
  ];
}

/** The checksum that a client claims a part to have. @throws S3Error InvalidRequest */
export function readChecksumClaims(element: XmlElement): readonly Checksum[] {
  return CHECKSUM_NAMES.flatMap((algorithm) => {
    const value = element.text(`Checksum${algorithm}`)?.trim();
    if (value === undefined) return [];
    if (!isBase64Of(value, CHECKSUMS[algorithm].bytes)) throw invalidChecksum(algorithm);
    return [{ algorithm, value, type: "FULL_OBJECT" as const }];
  });
}
