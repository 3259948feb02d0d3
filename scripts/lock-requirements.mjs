// Pins what containers/NAME/requirements.in asks for, with the hash of every wheel: writes requirements.txt beside it.
//   node scripts/lock-requirements.mjs [NAME…]
// pip is asked once for each Python and machine; an answer that needs other versions elsewhere is refused: pin them in
// requirements.in. Markers are evaluated on this machine, so it must be Linux.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Pythons of Debian 12 and 13, and both kinds of machine, where the packages are made for them. */
const TARGETS = {
  sklearn: { pythons: ["3.11", "3.13"], machines: ["x86_64", "aarch64"] },
  tensorflow: { pythons: ["3.11"], machines: ["x86_64"] },
};
/** Of wheels that Debian 12 loads, newest first. */
const MANYLINUX = ["_2_28", "_2_27", "_2_24", "_2_17", "2014", "_2_12", "2010", "_2_5", "1"];

const folder = fileURLToPath(new URL("../containers/", import.meta.url));
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TARGETS);
for (const name of names) {
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`${name}: expected one of ${Object.keys(TARGETS).join(", ")}`);
  lock(name, target);
}

function lock(name, { pythons, machines }) {
  const pins = new Map();
  const wanted = join(folder, name, "requirements.in");
  for (const python of pythons) {
    for (const machine of machines) {
      for (const { metadata, download_info: from } of resolve(wanted, python, machine)) {
        const key = metadata.name.toLowerCase().replaceAll(/[-_.]+/g, "-");
        const pin = pins.get(key) ?? { version: metadata.version, hashes: new Set(), targets: 0 };
        if (pin.version !== metadata.version)
          throw new Error(
            `${name}: ${key} is ${pin.version} and, for Python ${python} on ${machine}, ${metadata.version}`,
          );
        pin.hashes.add(from.archive_info.hashes.sha256);
        pin.targets += 1;
        pins.set(key, pin);
      }
    }
  }
  const all = pythons.length * machines.length;
  const lines = [...pins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { version, hashes, targets }]) => {
      if (targets !== all)
        throw new Error(`${name}: ${key} is needed by ${targets} of ${all} Pythons and machines only`);
      return [`${key}==${version}`, ...[...hashes].sort().map((hash) => `    --hash=sha256:${hash}`)].join(
        " \\\n",
      );
    });
  const head = `# Made by scripts/lock-requirements.mjs ${name}, for Python ${pythons.join(", ")} on ${machines.join(" and ")}.`;
  writeFileSync(join(folder, name, "requirements.txt"), `${[head, ...lines].join("\n")}\n`);
  process.stderr.write(`${name}: ${pins.size} packages\n`);
}

function resolve(wanted, python, machine) {
  const scratch = mkdtempSync(join(tmpdir(), "lock-requirements-"));
  try {
    const report = join(scratch, "report.json");
    const platforms = MANYLINUX.flatMap((glibc) => ["--platform", `manylinux${glibc}_${machine}`]);
    const target = [
      "--python-version",
      python,
      ...platforms,
      "--only-binary",
      ":all:",
      "--target",
      join(scratch, "target"),
    ];
    execFileSync(
      "python3",
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--ignore-installed",
        ...target,
        "--report",
        report,
        "-r",
        wanted,
      ],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    return JSON.parse(readFileSync(report, "utf8")).install;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
