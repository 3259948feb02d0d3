// What the benchmarks share: programs run one after the other, timed from start to end, with their peak memory.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMMAND_LINE = `${ROOT}packages/cli/bin/fieldmark.js`;

/** Options that every benchmark takes; --python names one with the packages of peers/tf-2.15.txt. */
export const OPTIONS = {
  python: { type: "string", default: "python3" },
  rounds: { type: "string", default: "3" },
  folder: { type: "string", default: join(tmpdir(), "fieldmark-bench") },
};

/** Runs a program to its end; throws with what it said when it fails. */
function run(command, args, env) {
  const started = performance.now();
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", ...env },
  });
  if (error !== undefined || status !== 0)
    throw new Error(`${command} ${args.join(" ")}\n${error?.message ?? stderr}`);
  return { stdout, seconds: (performance.now() - started) / 1000 };
}

/** A Node program; with its peak memory and processor time. */
export function runNode(args, env = {}) {
  const file = join(tmpdir(), `fieldmark-resources-${process.pid}`);
  const hook = new URL("resources.mjs", import.meta.url).href;
  const done = run(process.execPath, ["--import", hook, ...args], { ...env, FIELDMARK_RESOURCES_FILE: file });
  const used = JSON.parse(readFileSync(file, "utf8"));
  rmSync(file);
  return { ...done, ...used };
}

/** `fieldmark evaluate`, started by node: the whole run, and pictures a second while it predicts. */
export function runFieldmark({ model, images, annotations, cache, output }) {
  const places = ["--model", model, "--images", images, "--annotations", annotations, "--output", output];
  const { stdout, ...used } = runNode([COMMAND_LINE, "evaluate", ...places, "--json", "--quiet"], {
    FIELDMARK_CACHE: cache,
  });
  const { provenance } = JSON.parse(stdout);
  return { rate: provenance.dataset.examples / provenance.seconds, ...used };
}

/** One of peers/pipelines.py; pictures a second without start-up and loading. */
export function runPeer(python, name, { model, onnx, images, annotations }) {
  const file = ONNX_PEERS.includes(name) ? onnx : model;
  const { stdout, seconds } = run(python, [`${HERE}peers/pipelines.py`, name, file, images, annotations]);
  return { ...JSON.parse(stdout.trim().split("\n").at(-1)), seconds };
}

const ONNX_PEERS = ["ort", "ort-pool", "bound"];

/** A Python script of this folder or another. */
export function runPython(python, script, args) {
  return run(python, [`${ROOT}${script}`, ...args]);
}

/** The ONNX file of the one import that a cache folder keeps. */
export function onnxIn(cache) {
  const file = readdirSync(cache, { recursive: true }).find((name) => name.endsWith(".onnx"));
  if (file === undefined) throw new Error(`${cache}: no import was kept`);
  return join(cache, file);
}

export function requireBuild() {
  if (existsSync(`${ROOT}packages/cli/dist/run.js`)) return;
  console.error("not built: run `npm run build` first");
  process.exit(1);
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** `runs` by name, one after the other in each round, so that a busy moment of the machine meets all of them. */
export function interleave(rounds, runs) {
  const results = new Map(Object.keys(runs).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, list] of results) {
      const result = runs[name]();
      list.push(result);
      const rate = result.rate === undefined ? "" : `${result.rate.toFixed(1)} images/s, `;
      const { seconds, peakMegabytes } = result;
      console.error(
        `round ${round}: ${name}: ${rate}${seconds.toFixed(2)} s, ${peakMegabytes.toFixed(0)} MB`,
      );
    }
  }
  return results;
}

/** Prints a goal and whether it was reached. */
export function goal(words, value, limit, digits = 2) {
  const [sign, reached] =
    limit.atLeast === undefined ? ["≤", value <= limit.atMost] : ["≥", value >= limit.atLeast];
  const bound = limit.atLeast ?? limit.atMost;
  console.log(
    `${reached ? "✓" : "✗"} ${words}: ${value.toFixed(digits)} (goal ${sign} ${bound.toFixed(digits)})`,
  );
}
