import { FieldmarkError } from "@fieldmark/contract";

export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** The value, or null when the operation failed with one of these codes. */
export async function unless<T>(codes: readonly string[], operation: Promise<T>): Promise<T | null> {
  try {
    return await operation;
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

/** What a file system says where a path leads nowhere. */
export const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"] as const;

const DISK_CODES = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EIO",
  "EMFILE",
  "ENFILE",
  "EACCES",
  "EPERM",
  "EFBIG",
]);

/** Failures of the disk as an error with a code; anything else as it is. */
export function asDiskError(error: unknown, doing: string): unknown {
  const code = errnoOf(error);
  if (code === undefined || !DISK_CODES.has(code)) return error;
  return new FieldmarkError("DISK", `${doing} failed: ${code}`, { errno: code }, error);
}
