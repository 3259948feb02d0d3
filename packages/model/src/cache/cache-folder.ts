import envPaths from "env-paths";

/** The folder for caches that the system gives a user: ~/.cache/fieldmark, ~/Library/Caches/fieldmark, … */
export function defaultCacheFolder(): string {
  return envPaths("fieldmark", { suffix: "" }).cache;
}
