import { invalidArgument } from "./s3-errors.ts";
import { decodeUtf8 } from "./xml.ts";

const MAX_INT32 = 2_147_483_647;

/**
 * A count in a query: `max-keys`, `max-parts`, …
 *
 * @param most what is used where more is asked
 * @param otherwise what is used where nothing is asked; `most` when absent
 * @throws S3Error InvalidArgument
 */
export function readCount(
  query: ReadonlyMap<string, string>,
  name: string,
  {
    most = 1000,
    least = 0,
    otherwise = most,
  }: { readonly most?: number; readonly least?: number; readonly otherwise?: number } = {},
): number {
  const text = query.get(name);
  if (text === undefined || text === "") return otherwise;
  const count = /^-?\d{1,19}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  if (count < least || count > MAX_INT32) {
    throw invalidArgument(
      `Argument ${name} must be an integer between ${least} and ${MAX_INT32}`,
      name,
      text,
    );
  }
  return Math.min(count, most);
}

const TOKEN_VERSION = "1:";

/** An opaque place in a list: the last name of the page before. */
export const toToken = (last: string): string => Buffer.from(TOKEN_VERSION + last).toString("base64url");

/** @throws S3Error InvalidArgument when the token is not one of ours */
export function fromToken(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  const text = decodeUtf8(bytes);
  if (text === null || !text.startsWith(TOKEN_VERSION) || bytes.toString("base64url") !== token) {
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
  }
  return text.slice(TOKEN_VERSION.length);
}

export type KeyEncoding = (key: string) => string;

/**
 * How a list writes keys: as they are, or with encoding-type=url percent-encoded, because XML 1.0 cannot hold every
 * character of a key.
 *
 * @throws S3Error InvalidArgument
 */
export function readEncoding(query: ReadonlyMap<string, string>): KeyEncoding {
  const type = query.get("encoding-type");
  if (type === undefined) return (key) => key;
  if (type !== "url")
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", type);
  return (key) =>
    encodeURIComponent(key)
      .replaceAll("%2F", "/")
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
