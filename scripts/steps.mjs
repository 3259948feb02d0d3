// Steps that the set-up scripts share: run a command, install when the lock file changed, build.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const INSTALLED = `${ROOT}node_modules/.fieldmark-installed`;

/** Runs one command in the repository's root; ends this process with its exit code when it fails. */
export function step(title, command, args, options = {}) {
  const started = performance.now();
  console.error(`\n▸ ${title}`);
  const npm = command === "npm" && process.platform === "win32";
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", shell: npm, ...options });
  if (error !== undefined || status !== 0) {
    console.error(`\n✗ ${title} failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exit(status ?? 1);
  }
  console.error(`  ${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** `npm ci`, unless this lock file's packages are installed already. */
export function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Fieldmark needs Node 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  const digest = createHash("sha256")
    .update(readFileSync(`${ROOT}package-lock.json`))
    .digest("hex");
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, "utf8") === digest) return;
  step("Installing packages (npm ci)", "npm", ["ci"]);
  writeFileSync(INSTALLED, digest);
}

/** Compiles every package. Without the types' check it takes a third of the time; `npm run build` checks them. */
export function build({ check }) {
  const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
  step("Building", process.execPath, [compiler, "-b", ...(check ? [] : ["--noCheck"])]);
}
