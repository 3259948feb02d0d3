// npm run bench: Fieldmark beside its peers, interleaved in one run; prints medians and ratios.
//
//   npm run bench -- --python PYTHON215 [--rounds 3] [--photos 480] [--folder DIR] [--peers lab,tf-batched,…]
//
// PYTHON215 is a Python with peers/tf-2.15.txt installed. Data and models are built once in --folder.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/steps.mjs";
import { photos } from "./photos.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    rounds: { type: "string", default: "3" },
    photos: { type: "string", default: "480" },
    folder: { type: "string", default: join(tmpdir(), "fieldmark-bench") },
    peers: { type: "string", default: "bound,ort-pool,tf-data,tf-batched,lab" },
  },
});
const folder = resolve(values.folder);
const cli = `${ROOT}packages/cli/bin/fieldmark.js`;
await mkdir(folder, { recursive: true });

/** Runs a command to its end; its last line of output, its seconds and its peak memory. */
function run(command, args, env = {}) {
  const started = performance.now();
  const time = existsSync("/usr/bin/time")
    ? ["/usr/bin/time", ["-f", "%M", command, ...args]]
    : [command, args];
  const { stdout, stderr, status } = spawnSync(time[0], time[1], {
    encoding: "utf8",
    maxBuffer: 1e9,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}\n${stderr}`);
  const peak = Number(stderr.trim().split("\n").at(-1)) / 1024;
  return { stdout, seconds: (performance.now() - started) / 1000, peakMegabytes: peak };
}

const count = Number(values.photos);
const { images, annotations } = await photos(join(folder, `photos-${count}`), count);
const model = join(folder, "mobilenet-v2.tar.gz");
if (!existsSync(model)) run(values.python, [`${ROOT}bench/peers/make_model.py`, model]);

const cache = join(folder, "cache");
const output = join(folder, "evaluation");
const words = [
  "evaluate",
  "--model",
  model,
  "--images",
  images,
  "--annotations",
  annotations,
  "--output",
  output,
  "--json",
  "--quiet",
];
function fieldmark() {
  const { stdout, seconds, peakMegabytes } = run(process.execPath, [cli, ...words], {
    FIELDMARK_CACHE: cache,
  });
  return { rate: count / JSON.parse(stdout).provenance.seconds, seconds, peakMegabytes };
}
fieldmark(); // fills the cache of imports, and remembers the recipe check
const onnx = (await readdir(cache, { recursive: true, withFileTypes: true })).find((file) =>
  file.name.endsWith(".onnx"),
);
const onnxFile = join(onnx.parentPath, onnx.name);

function peer(name) {
  const file = name === "bound" || name === "ort-pool" ? onnxFile : model;
  const { stdout, seconds, peakMegabytes } = run(values.python, [
    `${ROOT}bench/peers/pipelines.py`,
    name,
    file,
    images,
    annotations,
  ]);
  return { rate: JSON.parse(stdout.trim().split("\n").at(-1)).rate, seconds, peakMegabytes };
}

const names = values.peers.split(",");
const results = new Map([["fieldmark", []], ...names.map((name) => [name, []])]);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, list] of results) {
    list.push(name === "fieldmark" ? fieldmark() : peer(name));
    const { rate, seconds, peakMegabytes } = list.at(-1);
    console.error(
      `round ${round + 1}: ${name}: ${rate.toFixed(1)} images/s, ${seconds.toFixed(1)} s, ${peakMegabytes.toFixed(0)} MB`,
    );
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ours = results.get("fieldmark");
console.log(
  `${count} JPEGs of about 500 × 375, MobileNetV2 1.0, 8 classes; medians of ${values.rounds} interleaved rounds\n`,
);
console.log(
  "| pipeline | images/s | whole run, s | peak, MB | Fieldmark's rate ÷ this | Fieldmark's whole run ÷ this |",
);
console.log("|---|--:|--:|--:|--:|--:|");
for (const [name, list] of results) {
  const cells = [
    median(list.map((one) => one.rate)).toFixed(1),
    median(list.map((one) => one.seconds)).toFixed(2),
    median(list.map((one) => one.peakMegabytes)).toFixed(0),
    median(list.map((one, round) => ours[round].rate / one.rate)).toFixed(2),
    median(list.map((one, round) => ours[round].seconds / one.seconds)).toFixed(3),
  ];
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
await rm(output, { recursive: true, force: true });
