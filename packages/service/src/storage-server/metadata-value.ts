import { decodeUtf8 } from "./xml.ts";

/**
 * Values of user metadata beyond ASCII. S3 reads them as RFC 2047 encoded words or as plain UTF-8, and gives them back
 * as encoded words, because a header is ASCII.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
const ENCODED_WORD = /=\?utf-8\?([bq])\?([^?\s]*)\?=(?:\s+(?==\?))?/gi;

/** @param latin1 as Node reads headers: one character a byte */
export function decodeMetadataValue(latin1: string): string {
  const bytes = Buffer.from(latin1, "latin1");
  const text = decodeUtf8(bytes) ?? latin1;
  return text.replace(ENCODED_WORD, (whole, kind: string, word: string) => {
    const decoded =
      kind.toLowerCase() === "b"
        ? Buffer.from(word, "base64")
        : Buffer.from(
            word
              .replaceAll("_", " ")
              .replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
            "latin1",
          );
    return decodeUtf8(decoded) ?? whole;
  });
}

export function encodeMetadataValue(text: string): string {
  if (/^[\x20-\x7e\t]*$/.test(text)) return text;
  let word = "";
  for (const byte of Buffer.from(text)) {
    const char = String.fromCharCode(byte);
    word += /[A-Za-z0-9!*+\-/]/.test(char)
      ? char
      : byte === 0x20
        ? "_"
        : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return `=?UTF-8?Q?${word}?=`;
}
