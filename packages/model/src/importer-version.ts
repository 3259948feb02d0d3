import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

let version: string | undefined;

/**
 * A digest of the code that makes imports, part of every cache key: an import made by other code is not used. No
 * number has to be raised by hand, and forgotten, when a lowering changes.
 */
export function importerVersion(): string {
  version ??= digestOfCode();
  return version;
}

function digestOfCode(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("@fieldmark/model/import-worker"));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js") && !name.endsWith(".test.js"))
    .sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}
