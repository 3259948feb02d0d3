import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** Versions of everything that can change a number. */
export function versions(): Readonly<Record<string, string>> {
  return {
    fieldmark: versionAt(new URL("../../package.json", import.meta.url)),
    node: process.versions.node,
    "onnxruntime-node": versionOf("onnxruntime-node", "@fieldmark/model"),
    sharp: versionOf("sharp", "@fieldmark/imaging"),
  };
}

/** Version of a package as `from` sees it. */
function versionOf(name: string, from: string): string {
  const main = createRequire(require.resolve(from)).resolve(name);
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const found = versionAt(join(folder, "package.json"), name);
    if (found !== "") return found;
  }
  return "unknown";
}

/** The version that a package.json states; "" when there is none, or it is another package's. */
function versionAt(path: string | URL, name?: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return "";
  }
  const manifest: { name?: unknown; version?: unknown } = JSON.parse(text);
  return typeof manifest.version === "string" && (name === undefined || manifest.name === name)
    ? manifest.version
    : "";
}
