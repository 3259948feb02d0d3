// The lab's own architecture (265 MB of weights) from its model.tar.gz: first import, from the cache, and tf2onnx.
//
//   node bench/import.mjs --python PYTHON [--tf2onnx PYTHON] [--rounds 3] [--folder DIR]
//
// --tf2onnx: a Python with the packages of peers/tf2onnx.txt; it takes minutes and 11 GB of memory, once.
import { existsSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { goal, interleave, median, OPTIONS, requireBuild, runNode, runPython } from "./programs.mjs";

const { values } = parseArgs({ options: { ...OPTIONS, tf2onnx: { type: "string" } } });
requireBuild();
const folder = join(resolve(values.folder), "lab");
await mkdir(folder, { recursive: true });
const model = join(folder, "model.tar.gz");
if (!existsSync(model)) runPython(values.python, "packages/model/golden/make_lab_model.py", [folder]);

const cache = join(folder, "cache");
const load = new URL("load-model.mjs", import.meta.url).pathname;
/** `loadModel` in a process of its own; the seconds are those of the call alone. */
function loadOnce() {
  const { stdout, peakMegabytes } = runNode([load, model, cache]);
  const { seconds } = JSON.parse(stdout);
  return { seconds, peakMegabytes };
}
const results = interleave(Number(values.rounds), {
  "first import": () => {
    rmSync(cache, { recursive: true, force: true });
    return loadOnce();
  },
  "from the cache": loadOnce,
});
const middle = (name, field) => median(results.get(name).map((one) => one[field]));

console.log(`the lab's architecture, ${model}; medians of ${values.rounds} rounds\n`);
console.log("| | s | peak, MB |\n|---|--:|--:|");
for (const name of results.keys()) {
  console.log(
    `| ${name} | ${middle(name, "seconds").toFixed(2)} | ${middle(name, "peakMegabytes").toFixed(0)} |`,
  );
}
if (values.tf2onnx !== undefined) {
  const { stdout } = runPython(values.tf2onnx, "bench/peers/tf2onnx_import.py", [model]);
  const { seconds, peakMegabytes } = JSON.parse(stdout.trim().split("\n").at(-1));
  console.log(`| tf2onnx, and a session of its file | ${seconds.toFixed(1)} | ${peakMegabytes.toFixed(0)} |`);
}
console.log("");
goal("first import, s", middle("first import", "seconds"), { atMost: 3 });
goal("first import, peak in MB", middle("first import", "peakMegabytes"), { atMost: 900 }, 0);
goal("from the cache, s", middle("from the cache", "seconds"), { atMost: 0.7 });
