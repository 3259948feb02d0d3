// Prints each package below a node_modules folder as "npm NAME VERSION", for shared/sbom.sh.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [, , root] = process.argv;
for (const { name, parentPath } of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (name !== "package.json" || !/node_modules\/(?:@[^/]+\/)?[^/]+$/.test(parentPath)) continue;
  const manifest = JSON.parse(readFileSync(join(parentPath, name), "utf8"));
  if (manifest.name && manifest.version) process.stdout.write(`npm ${manifest.name} ${manifest.version}\n`);
}
