import { FieldmarkError } from "@fieldmark/contract";
import type { Checksum } from "./object-info.ts";
import type { StoredPart } from "./upload-files.ts";
import type { PartClaim } from "./upload-info.ts";

/** Every part but the last has at least this many bytes. */
const MIN_PART_BYTES = 5 << 20;

/**
 * The stored parts that a client names to complete its upload.
 * @throws PART_INVALID, PART_ORDER_INVALID, PART_TOO_SMALL
 */
export function claimParts(
  claims: readonly PartClaim[],
  stored: readonly StoredPart[],
): readonly StoredPart[] {
  if (claims.length === 0)
    throw new FieldmarkError("PART_INVALID", "No part is named, expected at least one");
  claims.forEach(({ number }, i) => {
    const before = claims[i - 1]?.number ?? 0;
    if (number <= before) {
      throw new FieldmarkError("PART_ORDER_INVALID", `Part ${number} follows part ${before}`, { number });
    }
  });
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  const parts = claims.map((claim) => {
    const part = byNumber.get(claim.number);
    if (part === undefined || part.etag !== claim.etag || !agree(claim.checksums ?? [], part.checksums)) {
      const found = part === undefined ? "there is none" : `its etag is ${part.etag}`;
      throw new FieldmarkError("PART_INVALID", `Part ${claim.number} with etag ${claim.etag}: ${found}`, {
        number: claim.number,
        etag: claim.etag,
      });
    }
    return part;
  });
  for (const { number, size, etag } of parts.slice(0, -1)) {
    if (size < MIN_PART_BYTES) {
      throw new FieldmarkError(
        "PART_TOO_SMALL",
        `Part ${number} has ${size} bytes, expected at least ${MIN_PART_BYTES} of all but the last`,
        { number, size, minimum: MIN_PART_BYTES, etag },
      );
    }
  }
  return parts;
}

const agree = (claimed: readonly Checksum[], stored: readonly Checksum[]): boolean =>
  claimed.every(({ algorithm, value }) =>
    stored.every((checksum) => checksum.algorithm !== algorithm || checksum.value === value),
  );
