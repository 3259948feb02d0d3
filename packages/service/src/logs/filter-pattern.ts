import { FieldmarkError } from "@fieldmark/contract";
import { jsonPattern, type MessageTest } from "./json-pattern.ts";

/**
 * CloudWatch's filter pattern: all `terms` and `"quoted phrases"` must be there, none of the `-excluded` ones; of
 * `?alternatives` at least one, which are left out when other terms stand beside them; `{ $.selector = value }` looks
 * into JSON. Case counts. The empty pattern takes everything.
 *
 * @throws LOG_PARAMETER for patterns that are malformed, and for the two forms that are not served: `[columns]` and `%regex%`
 */
export function filterPattern(pattern: string): MessageTest {
  const text = pattern.trim();
  if (text.startsWith("{")) return jsonPattern(text);
  if (text.startsWith("[")) throw invalid(pattern, "patterns of space-delimited columns are not served");
  const terms = [...termsOf(pattern)];
  const must = terms.filter(({ sign }) => sign === "").map(({ text }) => text);
  const not = terms.filter(({ sign }) => sign === "-").map(({ text }) => text);
  const any = terms.filter(({ sign }) => sign === "?").map(({ text }) => text);
  if (must.length === 0 && not.length === 0 && any.length > 0) {
    return (message) => any.some((term) => message.includes(term));
  }
  return (message) =>
    must.every((term) => message.includes(term)) && !not.some((term) => message.includes(term));
}

interface Term {
  readonly sign: "" | "-" | "?";
  readonly text: string;
}

const TERM = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)/y;

function* termsOf(pattern: string): Generator<Term> {
  const text = pattern.trimEnd();
  TERM.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    TERM.lastIndex = at;
    const match = TERM.exec(text);
    if (match === null) throw invalid(pattern, `unexpected text at position ${at + 1}`);
    const [whole, sign, phrase, word] = match;
    if (word?.startsWith("%")) throw invalid(pattern, "regular expressions are not served");
    yield { sign: sign as Term["sign"], text: word ?? (phrase ?? "").replace(/\\(.)/g, "$1") };
    at += whole.length;
  }
}

function invalid(pattern: string, reason: string): FieldmarkError {
  return new FieldmarkError("LOG_PARAMETER", `Invalid filter pattern: ${reason}`, { filterPattern: pattern });
}
