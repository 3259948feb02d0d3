// Compares every classifier of tf.keras.applications, saved both ways, with TensorFlow's own answers.
//   npm run check:applications -- --python2 PYTHON --python3 PYTHON [--work FOLDER] [--made FOLDER] [--members A,B] [--size N]
// --python2 has TensorFlow 2.15 (Keras 2), --python3 the newest (Keras 3); one of them is enough.
// Each model is built, compared and deleted in turn; those that make-applications has put into MADE are
// taken from there and left. WORK/results.json keeps what is done: run it again to
// go on where it stopped. The table goes to stdout.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ROOT } from "./steps.mjs";

const SELF = fileURLToPath(import.meta.url);
const MAKER = join(ROOT, "packages/model/golden/make_applications.py");
/** Models that one Python process builds before the next starts. */
const CHUNK = 4;
const TOLERANCE = 1e-5;
/** Where TensorFlow's top two are nearer than this, either may win. */
const MARGIN = 2e-5;

const { values: options } = parseArgs({
  options: {
    python2: { type: "string" },
    python3: { type: "string" },
    work: { type: "string", default: join(tmpdir(), "fieldmark-applications") },
    made: { type: "string" },
    members: { type: "string" },
    size: { type: "string" },
    one: { type: "string" },
  },
});

/** Runs in a process of its own, so that its peak memory is that of one import. */
async function compareOne(folder) {
  const { loadModel, readNpy } = await import("@fieldmark/model");
  const inputs = await readNpy(join(folder, "inputs.npy"));
  const expected = await readNpy(join(folder, "expected.npy"));
  const meta = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
  const cacheFolder = mkdtempSync(join(tmpdir(), "fieldmark-applications-cache-"));
  try {
    const started = performance.now();
    const model = await loadModel(join(folder, "model"), { cacheFolder });
    const importSeconds = (performance.now() - started) / 1000;
    try {
      const kind = model.classOutput().kind;
      if (kind !== meta.output)
        throw new Error(`the class output was taken for ${kind}, it is ${meta.output}`);
      const [batch] = inputs.shape;
      const ours = await model.classify(inputs.data, batch);
      return { importSeconds, ...difference(ours, expected.data, batch) };
    } finally {
      await model.close();
    }
  } finally {
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

function difference(ours, theirs, rows) {
  const columns = theirs.length / rows;
  let maxDifference = ours.length === theirs.length ? 0 : Number.NaN;
  let agreeing = 0;
  let decided = 0;
  for (let row = 0; row < rows; row++) {
    const own = ours.subarray(row * columns, (row + 1) * columns);
    const other = theirs.subarray(row * columns, (row + 1) * columns);
    for (let column = 0; column < columns; column++) {
      maxDifference = Math.max(maxDifference, Math.abs(own[column] - other[column]));
    }
    const [first, second] = Float32Array.from(other).sort().reverse();
    if (first - second <= MARGIN) continue;
    decided++;
    if (own.indexOf(Math.max(...own)) === other.indexOf(first)) agreeing++;
  }
  // JSON has no NaN: a result without a number never passes.
  return { maxDifference: Number.isFinite(maxDifference) ? maxDifference : null, agreeing, decided };
}

/** Each family's first members before any family's second, so that the big ones come last. */
function smallFirst(members) {
  const seen = new Map();
  const ranked = members.map((member) => {
    const rank = seen.get(member.family) ?? 0;
    seen.set(member.family, rank + 1);
    return { member, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ member }) => member);
}

function python(command, args) {
  return spawnSync(command, [MAKER, ...args], { encoding: "utf8", maxBuffer: 2 ** 26 });
}

function membersOf(command) {
  const { status, stdout, stderr, error } = python(command, ["--list"]);
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
  const wanted = options.members?.split(",");
  return smallFirst(JSON.parse(stdout.trim().split("\n").at(-1))).filter(
    ({ name }) => wanted?.includes(name) ?? true,
  );
}

const resultsFile = join(options.work, "results.json");

function readResults() {
  return existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")) : {};
}

function keep(key, result) {
  const text = JSON.stringify({ ...readResults(), [key]: result }, null, 1);
  writeFileSync(`${resultsFile}.new`, text);
  renameSync(`${resultsFile}.new`, resultsFile);
}

async function runOne(folder) {
  const child = spawn(process.execPath, [SELF, "--one", folder], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return code === 0 ? JSON.parse(stdout) : { error: stderr.trim().split("\n").slice(-12).join("\n") };
}

/** Compares one model with TensorFlow's answers beside it, and keeps the result. */
async function check(key, folder) {
  const meta = metaOf(folder);
  const result = await runOne(folder);
  const passed =
    result.error === undefined &&
    result.maxDifference !== null &&
    result.maxDifference <= TOLERANCE &&
    result.agreeing === result.decided;
  keep(key, { passed, size: meta.size, parameters: meta.parameters, tensorflow: meta.tensorflow, ...result });
  console.error(`${passed ? "✓" : "✗"} ${key} ${result.error ?? result.maxDifference}`);
}

/** null when the member is not there, or not whole. */
function metaOf(folder) {
  const path = join(folder, "meta.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

async function checkWay(way, command) {
  const models = join(options.work, "models");
  // An interrupted run may have left some.
  rmSync(join(models, way), { recursive: true, force: true });
  const size = (member) => Number(options.size ?? member.size);
  const key = (member) => `${way}/${member.name}@${size(member)}`;
  const done = readResults();
  let queue = [];
  for (const member of membersOf(command)) {
    if (done[key(member)]?.passed) continue;
    const made = options.made === undefined ? null : join(options.made, way, member.name);
    if (made !== null && metaOf(made)?.size === size(member)) await check(key(member), made);
    else queue.push(member);
  }
  while (queue.length > 0) {
    const chunk = queue.slice(0, CHUNK);
    queue = queue.slice(CHUNK);
    const names = chunk.map(({ name }) => name).join(",");
    const { stderr } = python(command, [
      ...["--out", models, "--members", names],
      ...(options.size === undefined ? [] : ["--size", options.size]),
    ]);
    for (const [at, member] of chunk.entries()) {
      const folder = join(models, way, member.name);
      if (metaOf(folder) === null) {
        keep(key(member), { passed: false, error: `not made: ${stderr.trim().split("\n").at(-1)}` });
        queue.unshift(...chunk.slice(at + 1));
        break;
      }
      await check(key(member), folder);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function table(results) {
  const rows = Object.entries(results).map(([key, result]) => {
    const [way, name] = key.replace(/@.*/, "").split("/");
    const columns =
      result.importSeconds === undefined
        ? [
            result.parameters === undefined ? "" : (result.parameters / 1e6).toFixed(1),
            result.error.split("\n")[0],
            "",
            "",
            "",
          ]
        : [
            (result.parameters / 1e6).toFixed(1),
            result.maxDifference === null ? "not a number" : result.maxDifference.toExponential(1),
            `${result.agreeing}/${result.decided}`,
            result.importSeconds.toFixed(1),
            Math.round(result.peakMegabytes),
          ];
    return [name, way, result.size ?? "", ...columns, result.passed ? "yes" : "**no**"];
  });
  const head = [
    "member",
    "saved by",
    "input",
    "parameters (M)",
    "largest difference",
    "same class",
    "import (s)",
    "peak memory (MB)",
    "within 1e-5",
  ];
  return [head, head.map(() => "---"), ...rows.sort()].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

if (options.one !== undefined) {
  const result = await compareOne(options.one);
  process.stdout.write(JSON.stringify({ ...result, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
} else {
  if (options.python2 === undefined && options.python3 === undefined) {
    console.error("give --python2 PYTHON (TensorFlow 2.15), --python3 PYTHON (the newest), or both");
    process.exit(2);
  }
  mkdirSync(options.work, { recursive: true });
  if (options.python2 !== undefined) await checkWay("keras2", options.python2);
  if (options.python3 !== undefined) await checkWay("keras3", options.python3);
  const results = readResults();
  console.log(table(results));
  const failed = Object.values(results).filter(({ passed }) => !passed).length;
  console.error(
    `${Object.keys(results).length - failed} of ${Object.keys(results).length} within ${TOLERANCE}`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
