import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { computeMeasures, type MeasuredEvaluation, type MeasuresJson } from "@fieldmark/evaluation";
import sharp from "sharp";

/** A seeded linear congruential generator: numbers in [0, 1). Numerical Recipes' constants. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SPECIES = [
  "013.Bobolink",
  "017.Cardinal",
  "035.Purple_Finch",
  "036.Northern_Flicker",
  "047.American_Goldfinch",
  "068.Ruby_throated_Hummingbird",
  "073.Blue_Jay",
  "087.Mallard",
];

/**
 * Made-up predictions of a classifier that confuses neighbouring classes, with pictures on disk.
 * @param classes 8 for the lab's species, more for made-up ones
 */
export async function syntheticEvaluation(
  folder: string,
  classes: number,
  perClass: number,
): Promise<MeasuredEvaluation> {
  const next = random(classes);
  const rows = classes * perClass;
  const classNames = Array.from({ length: classes }, (_, index) =>
    classes === SPECIES.length
      ? (SPECIES[index] ?? "")
      : `${String(index + 1).padStart(3, "0")}.Species_${"abcdefgh"[index % 8]}_${index}`,
  );
  const labels = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / perClass));
  const data = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? 0;
    const confused = next() < 0.06 + 0.3 * ((label * 7) % 11 === 3 ? 1 : 0);
    const top = confused ? (label + (next() < 0.7 ? 1 : Math.floor(next() * classes))) % classes : label;
    const scores = Array.from(
      { length: classes },
      (_, index) => next() + (index === top ? 3 + 5 * next() : 0) + (index === label ? 2 : 0),
    );
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    for (const [index, score] of scores.entries()) data[row * classes + index] = Math.exp(score) / sum;
  }
  const predicted = Int32Array.from({ length: rows }, (_, row) => {
    const scores = data.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  const imageFileNames = Array.from(
    labels,
    (label, row) => `${classNames[label]}/Picture_${String(row).padStart(4, "0")}.jpg`,
  );
  await writePictures(folder, imageFileNames, labels);
  const predictions = {
    classNames,
    imageFileNames,
    sha256: imageFileNames.map((_, row) => row.toString(16).padStart(64, "0")),
    labels,
    predicted,
    probabilities: { rows, columns: classes, data },
    milliseconds: new Float64Array(rows).fill(5),
  };
  const measures: MeasuresJson = {
    ...computeMeasures(predictions, {}),
    failures: [],
    warnings: [`<img src=x onerror="document.title='hacked'"> is only a text`],
    conflictingCopies: [],
    recipeCheck: null,
    provenance: {
      time: "2026-01-02T03:04:05.678Z",
      command: "fieldmark evaluate --model model.tar.gz --images test --annotations manifest/test.csv",
      versions: { fieldmark: "0.1.0", node: "20.19.0" },
      model: null,
      dataset: {
        source: `test.csv, ${rows} pictures`,
        digest: `sha256:${"0".repeat(64)}`,
        examples: rows,
        classNameSource: "annotations",
      },
      preprocessing: null,
      seconds: 3.2,
    },
  };
  return { predictions, measures };
}

/** One plain picture a class, written under every tenth name: the report must do without the others. */
async function writePictures(folder: string, names: readonly string[], labels: Int32Array): Promise<void> {
  for (const [row, name] of names.entries()) {
    if (row % 3 !== 0) continue;
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    const hue = ((labels[row] ?? 0) * 47) % 360;
    const background = `hsl(${hue}, 45%, 55%)`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="160"><rect width="160" height="160" fill="${background}"/><circle cx="${40 + (row % 80)}" cy="80" r="34" fill="white"/></svg>`;
    await sharp(Buffer.from(svg)).jpeg().toFile(path);
  }
}
