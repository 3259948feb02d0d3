/** Longest text of a value that is repeated in an error, UTF-16 units; AWS repeats all of it. */
const MAX_LENGTH = 2048;

/** A value as Java prints it in AWS's messages: `[a, b]`, `{key=value}`. */
export function formatJava(value: unknown): string {
  const text = format(value);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
}

function format(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(format).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `${key}=${format(inner)}`);
  return `{${entries.join(", ")}}`;
}
