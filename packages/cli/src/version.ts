import { readFile } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";

/** Of the command's own package. */
export async function fieldmarkVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version);
  throw new FieldmarkError("FILE_UNREADABLE", "package.json of the command line has no version");
}
