import { FieldmarkError } from "@fieldmark/contract";

/** What a failed open or stat means to the person who named the file. */
export function fileProblem(path: string, cause: unknown): FieldmarkError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new FieldmarkError("FILE_NOT_FOUND", `${path}: no such file or folder`, { file: path }, cause);
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FieldmarkError("FILE_UNREADABLE", `${path}: cannot be read: ${why}`, { file: path }, cause);
}
