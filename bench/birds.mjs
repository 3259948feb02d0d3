// The whole evaluation of a labelled test set, from the prompt to the written report, beside the lab's loop.
//
//   node bench/birds.mjs --python PYTHON [--rounds 3] [--birds ../shared/data/birds] [--folder DIR]
//
// --birds: a folder with model.tar.gz, test/ and manifest/test.csv. The import is in the cache, as in every run but
// the first.
import { rmSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  goal,
  interleave,
  median,
  OPTIONS,
  onnxIn,
  ROOT,
  requireBuild,
  runFieldmark,
  runPeer,
} from "./programs.mjs";

/** Seconds that start, measures and report may take beside the inference itself. */
const ALLOWANCE_SECONDS = 1.2;

const { values } = parseArgs({
  options: { ...OPTIONS, birds: { type: "string", default: `${ROOT}../shared/data/birds` } },
});
requireBuild();
const birds = resolve(values.birds);
const folder = resolve(values.folder);
await mkdir(folder, { recursive: true });
const model = join(birds, "model.tar.gz");
const images = join(birds, "test");
const annotations = join(birds, "manifest", "test.csv");
const count = (await readFile(annotations, "utf8")).trim().split("\n").length - 1;

const cache = join(folder, "cache-birds");
const output = join(folder, "evaluation-birds");
rmSync(cache, { recursive: true, force: true });
const fieldmark = () => runFieldmark({ model, images, annotations, cache, output });
fieldmark(); // imports the model, and checks the recipe once
const onnx = onnxIn(cache);
const peer = (name) => () => runPeer(values.python, name, { model, onnx, images, annotations });
const results = interleave(Number(values.rounds), { fieldmark, bound: peer("bound"), lab: peer("lab") });

const [ours, bound, lab] = ["fieldmark", "bound", "lab"].map((name) => results.get(name));
const seconds = (list) => median(list.map((one) => one.seconds));
const peak = (list) => median(list.map((one) => one.peakMegabytes)).toFixed(0);
console.log(`${count} photos, whole run; medians of ${values.rounds} interleaved rounds\n`);
const cpu = (list) => median(list.map((one) => one.cpuSeconds)).toFixed(1);
console.log("| | whole run, s | its CPU, s | peak, MB |\n|---|--:|--:|--:|");
console.log(`| fieldmark evaluate | ${seconds(ours).toFixed(2)} | ${cpu(ours)} | ${peak(ours)} |`);
console.log(`| the lab's loop | ${seconds(lab).toFixed(2)} | ${cpu(lab)} | ${peak(lab)} |`);
console.log(`| inference only: ${median(bound.map((one) => one.rate)).toFixed(1)} images/s | | | |\n`);
goal(
  "whole run ÷ the lab's",
  median(lab.map((one, round) => ours[round].seconds / one.seconds)),
  { atMost: 0.125 },
  3,
);
goal(
  `seconds beside ${count} ÷ the bound's rate`,
  median(bound.map((one, round) => ours[round].seconds - count / one.rate)),
  { atMost: ALLOWANCE_SECONDS },
);
rmSync(output, { recursive: true, force: true });
