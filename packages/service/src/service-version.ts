import { readFile } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";

/** Of this package, which all of Fieldmark's share: the tag of the images that are built for it. */
export async function serviceVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version);
  throw new FieldmarkError("FILE_UNREADABLE", "package.json of the service has no version");
}
