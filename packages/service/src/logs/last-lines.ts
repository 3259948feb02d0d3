import type { LogEvent } from "./event-source.ts";

/** Events looked at; a program that ends with thousands of blank lines has no useful last ones. */
const LOOK_BACK = 1000;

/**
 * The last lines that are not blank, oldest first, as a terminal would show them: what a carriage return overwrote
 * (progress bars) is left out. Together at most `maxBytes` of UTF-8, line ends counted.
 */
export async function lastUsefulLines(
  newestFirst: AsyncIterable<LogEvent>,
  { count, maxBytes }: { readonly count: number; readonly maxBytes: number },
): Promise<readonly string[]> {
  const lines: string[] = [];
  let left = maxBytes;
  let looked = 0;
  for await (const { message } of newestFirst) {
    if (lines.length >= count || left <= 0 || ++looked > LOOK_BACK) break;
    const shown = message
      .split("\r")
      .map((part) => part.trimEnd())
      .findLast((part) => part !== "");
    if (shown === undefined) continue;
    const line = endOf(shown, left);
    if (line !== "") lines.unshift(line);
    left -= Buffer.byteLength(line) + 1;
    if (line !== shown) break;
  }
  return lines;
}

/** The end of `text` that fits in `maxBytes` of UTF-8, whole characters. */
function endOf(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let from = bytes.length - maxBytes;
  while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  return bytes.toString("utf8", from);
}
