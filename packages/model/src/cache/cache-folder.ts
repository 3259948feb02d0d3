import { FieldmarkError } from "@fieldmark/contract";
import envPaths from "env-paths";

/** The folder for caches that the system gives a user: ~/.cache/fieldmark, ~/Library/Caches/fieldmark, … */
export function defaultCacheFolder(): string {
  return envPaths("fieldmark", { suffix: "" }).cache;
}

/** What a failed operation on the cache means to the person whose folder it is. */
export function cacheUnusable(folder: string, cause: unknown): FieldmarkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FieldmarkError(
    "CACHE_UNUSABLE",
    `the import cache ${folder} cannot be used: ${why}`,
    { folder },
    cause,
  );
}
