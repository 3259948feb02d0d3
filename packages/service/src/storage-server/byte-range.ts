/** Bytes first…last of an object, both counted from 0 and both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What a `Range` header asks of an object of `size` bytes.
 *
 * @returns null where the header is to be ignored: other units, several ranges, first after last, not a number
 * @returns "unsatisfiable" where no byte of the object lies in the range, as S3 answers with InvalidRange
 * @see RFC 9110, 14.2; S3 answers a header with several ranges with the whole object
 */
export function parseRange(header: string, size: number): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=\s*(\d{0,18})-(\d{0,18})\s*$/.exec(header);
  if (match === null) return null;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return null;
  if (from === "") {
    const suffix = Number(to);
    if (suffix === 0 || size === 0) return "unsatisfiable";
    return { first: Math.max(0, size - suffix), last: size - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return null;
  if (first >= size) return "unsatisfiable";
  return { first, last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}
