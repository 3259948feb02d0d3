// npm run bench: Fieldmark beside its peers, interleaved in one run; prints medians, ratios and goals.
//
//   npm run bench -- --python PYTHON [--rounds 3] [--photos 480] [--folder DIR] [--peers bound,ort-pool,…]
//
// On a machine that does other things meanwhile, look at the processor time, too: programs whose threads wait for one
// another lose more of their pace there than programs whose threads do not.
// PYTHON is one with the packages of peers/tf-2.15.txt. Data and models are made once, by seeded scripts, in --folder.
import { existsSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { photos } from "./photos.mjs";
import {
  goal,
  interleave,
  median,
  OPTIONS,
  onnxIn,
  requireBuild,
  runFieldmark,
  runPeer,
  runPython,
} from "./programs.mjs";

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    photos: { type: "string", default: "480" },
    peers: { type: "string", default: "bound,ort-pool,ort,tf-data,tf-batched,lab" },
  },
});
requireBuild();
const folder = resolve(values.folder);
await mkdir(folder, { recursive: true });
const count = Number(values.photos);
const { images, annotations } = await photos(join(folder, `photos-${count}`), count);
const model = join(folder, "mobilenet-v2.tar.gz");
if (!existsSync(model)) runPython(values.python, "bench/peers/make_model.py", [model]);

const cache = join(folder, "cache");
const output = join(folder, "evaluation");
rmSync(cache, { recursive: true, force: true });
const fieldmark = () => runFieldmark({ model, images, annotations, cache, output });
fieldmark(); // imports the model, and checks the recipe once
const onnx = onnxIn(cache);
const peers = values.peers
  .split(",")
  .map((name) => [name, () => runPeer(values.python, name, { model, onnx, images, annotations })]);
const results = interleave(Number(values.rounds), { fieldmark, ...Object.fromEntries(peers) });

const ours = results.get("fieldmark");
const ratio = (name, field) => median(results.get(name).map((one, round) => ours[round][field] / one[field]));
console.log(
  `${count} JPEGs of about 500 × 375, MobileNetV2 1.0, 8 classes; medians of ${values.rounds} interleaved rounds\n`,
);
console.log(
  "| pipeline | images/s | whole run, s | its CPU, s | peak, MB | Fieldmark's rate ÷ this | whole run ÷ this |",
);
console.log("|---|--:|--:|--:|--:|--:|--:|");
for (const [name, list] of results) {
  const middle = (field) => median(list.map((one) => one[field]));
  const cells = [
    middle("rate").toFixed(1),
    middle("seconds").toFixed(2),
    middle("cpuSeconds").toFixed(1),
    middle("peakMegabytes").toFixed(0),
    ratio(name, "rate").toFixed(2),
    ratio(name, "seconds").toFixed(3),
  ];
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
console.log("");
const least = { bound: 0.7, "ort-pool": 1.1, "tf-data": 1, "tf-batched": 1 };
for (const [name] of peers) {
  if (least[name] !== undefined) goal(`rate ÷ ${name}`, ratio(name, "rate"), { atLeast: least[name] });
  if (name.startsWith("tf-") || name === "lab")
    goal(`peak memory ÷ ${name}`, ratio(name, "peakMegabytes"), { atMost: 1 });
}
rmSync(output, { recursive: true, force: true });
