/** Codes of a connection that could not be made or was lost: the daemon is away, and may come back. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EACCES",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);

/** The daemon did not answer, or not to the end. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || statusOf(error) !== null) return false;
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    (code !== undefined && UNREACHABLE.has(code)) || message === "socket hang up" || message === "aborted"
  );
}

export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;
export const isConflict = (error: unknown): boolean => statusOf(error) === 409;
export const isNotModified = (error: unknown): boolean => statusOf(error) === 304;

/** The HTTP status that the daemon answered with; null for any other error. */
export function statusOf(error: unknown): number | null {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : null;
  return typeof status === "number" ? status : null;
}

/** What the daemon said. */
export function wordsOf(error: unknown): string {
  const json = error instanceof Error && "json" in error ? error.json : null;
  if (typeof json === "object" && json !== null && "message" in json && typeof json.message === "string")
    return json.message;
  return error instanceof Error ? error.message : String(error);
}
