/** What a signature covers of a request, as it stands on the wire. */
export interface HttpRequestHead {
  readonly method: string;
  /** Raw, as on the request line, before `?`. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query: string;
  /** Lower-case names; an array where a header is repeated. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The header's value as signatures see it: repeated ones joined, blanks trimmed and collapsed. */
export function canonicalHeaderValue(head: HttpRequestHead, name: string): string | null {
  const value = Object.hasOwn(head.headers, name) ? head.headers[name] : undefined;
  if (value === undefined) return null;
  const values = typeof value === "string" ? [value] : value;
  return values.map((one) => one.trim().replaceAll(/\s+/g, " ")).join(",");
}

/** One `name=value` of a query string, decoded. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** Names and values of a raw query string in their order; `+` is a blank, a name without `=` has an empty value. */
export function parseQuery(query: string): readonly QueryParameter[] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const [name, value] = equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
      return {
        name: percentDecode(name.replaceAll("+", " ")).toString("utf8"),
        value: percentDecode(value.replaceAll("+", " ")).toString("utf8"),
      };
    });
}

/** The bytes that a percent-encoded text stands for; a `%` that starts no escape stands for itself. */
export function percentDecode(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text, "latin1");
  const bytes = Buffer.alloc(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const escaped = text.slice(at + 1, at + 3);
    const isEscape = text[at] === "%" && /^[0-9a-fA-F]{2}$/.test(escaped);
    bytes[length++] = isEscape ? Number.parseInt(escaped, 16) : text.charCodeAt(at);
    if (isEscape) at += 2;
  }
  return bytes.subarray(0, length);
}

const isUnreserved = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x2e ||
  byte === 0x5f ||
  byte === 0x7e;

/** AWS's UriEncode: every byte but A–Z, a–z, 0–9 and `-._~` becomes `%XX`; `keep` names more bytes that stay. */
export function percentEncode(bytes: Uint8Array, keep = ""): string {
  let text = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text +=
      isUnreserved(byte) || keep.includes(char)
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
