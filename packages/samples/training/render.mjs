// Renders the pictures that train.py learns from: node packages/samples/training/render.mjs OUTPUT [PICTURES_PER_SPECIES]
// The seeds are not the default seed (1), so that the sample test set holds birds the model has never seen.
import { writeSampleDataset } from "@fieldmark/samples";

const SETS = [
  { name: "train", seed: 101, share: 1 },
  { name: "valid", seed: 102, share: 0.1 },
  { name: "test", seed: 1, perClass: 20 },
  { name: "test-large", seed: 103, share: 0.25 },
];

const [output, perSpecies = "400"] = process.argv.slice(2);
if (output === undefined) throw new Error("usage: render.mjs OUTPUT [PICTURES_PER_SPECIES]");
for (const { name, seed, share, perClass } of SETS) {
  const { images } = await writeSampleDataset({
    output: `${output}/${name}`,
    seed,
    perClass: perClass ?? Math.ceil(Number(perSpecies) * share),
    replace: true,
    onProgress: ({ done, total }) => {
      if (done % 200 === 0 || done === total) process.stdout.write(`${name}: ${done} of ${total}\n`);
    },
  });
  process.stdout.write(`${name}: seed ${seed}, ${images} pictures\n`);
}
