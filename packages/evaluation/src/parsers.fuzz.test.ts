import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLabelsFile } from "./dataset/class-names.ts";
import { readDataset } from "./dataset/read-dataset.ts";
import { madePredictions } from "./predictions/made-predictions.test.support.ts";
import { csvChunks } from "./predictions/predictions-csv.ts";
import { predictionsParquet } from "./predictions/predictions-parquet.ts";
import { readPredictions } from "./predictions/read-predictions.ts";
import { readSavedMeasures } from "./predictions/saved-measures.ts";
import { randomBelow, seededBits } from "./statistics/random.ts";

/** Mutants of each file; `npm run fuzz` is the long mode. */
const ROUNDS = 300 * Number(process.env.FIELDMARK_FUZZ ?? 1);
const SEED = Number(process.env.FIELDMARK_FUZZ_SEED ?? 1);
/** Of processor time: a busy machine takes longer. */
const MAX_MILLISECONDS = 15_000;
const MAX_GROWTH = 400 * 2 ** 20;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-fuzz-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Random = (below: number) => number;

/** Texts that parsers trip over, put in somewhere. */
const NASTY = [
  '"',
  ",",
  "\n",
  "\r\n",
  "\0",
  "__proto__",
  "-1",
  "1e999",
  "NaN",
  "{",
  "[",
  "\uFEFF",
  "../../etc/passwd",
];

const MUTATIONS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  (bytes, random) => {
    for (let count = random(4); count >= 0; count--) bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  (bytes, random) => {
    const at = random(bytes.length);
    bytes.subarray(at, at + 1 + random(8)).fill(0xff);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(20))]);
  },
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at + 1 + random(60)), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random(bytes.length);
    const nasty = Buffer.from(NASTY[random(NASTY.length)] ?? "");
    return Buffer.concat([bytes.subarray(0, at), nasty, bytes.subarray(at)]);
  },
];

interface Subject {
  /** Path in a folder of its own, and its good bytes; other files stand beside it. */
  readonly file: string;
  readonly good: () => string | Uint8Array;
  /** Every mutant costs a thread: so many times fewer of them. */
  readonly fewer?: number;
  readonly beside?: Readonly<Record<string, string>>;
  /** @param path of the mutant */
  read(path: string): Promise<unknown>;
}

const CUB = {
  "images/001.A/1.jpg": "x",
  "images/002.B/2.jpg": "x",
  "images.txt": "1 001.A/1.jpg\n2 002.B/2.jpg\n",
  "image_class_labels.txt": "1 1\n2 2\n",
  "classes.txt": "1 001.A\n2 002.B\n",
  "train_test_split.txt": "1 0\n2 0\n",
};
const cub = (file: keyof typeof CUB): Subject => ({
  file,
  good: () => CUB[file],
  beside: CUB,
  read: async (path) => await readDataset({ images: dirname(path) }, { count: 2, names: null }),
});

const CSV = 'image_file_name,orig_class_id,class_id,class_name\na/1.jpg,1,1,"A, a"\n"b ""2"".jpg",2,2,B\n';

const SUBJECTS: Readonly<Record<string, Subject>> = {
  "predictions.csv": {
    file: "predictions.csv",
    good: () => [...csvChunks(madePredictions(12, 5))].join(""),
    read: readPredictions,
  },
  "predictions.parquet": {
    file: "predictions.parquet",
    good: () => predictionsParquet(madePredictions(12, 5)),
    fewer: 3,
    read: readPredictions,
  },
  "measures.json": {
    file: "measures.json",
    good: () =>
      JSON.stringify({
        schemaVersion: 1,
        perClass: [{ name: "A" }, { name: "B" }],
        failures: [{ imageFileName: "a", label: 0, code: "IMAGE_BROKEN", message: "m" }],
        recipeCheck: { recipe: "raw", accuracy: 0.5, examples: 2, others: [], better: null },
        provenance: {
          model: null,
          preprocessing: { recipe: { name: "raw", size: { height: 9, width: 9 } }, chosenBy: "", notes: [] },
        },
      }),
    read: readSavedMeasures,
  },
  annotations: {
    file: "test.csv",
    good: () => CSV,
    beside: { "images/a/1.jpg": "x", 'images/b "2".jpg': "x" },
    read: async (annotations) =>
      await readDataset(
        { images: join(dirname(annotations), "images"), annotations },
        { count: 2, names: null },
      ),
  },
  "CUB images.txt": cub("images.txt"),
  "CUB classes.txt": cub("classes.txt"),
  "CUB image_class_labels.txt": cub("image_class_labels.txt"),
  "CUB train_test_split.txt": cub("train_test_split.txt"),
  "labels, one a line": { file: "labels.txt", good: () => "A\nB b\nC\n", read: readLabelsFile },
  "labels, JSON": { file: "labels.json", good: () => '["A", "B", "C"]', read: readLabelsFile },
  "labels, JSON by index": { file: "labels.json", good: () => '{"0": "A", "1": "B"}', read: readLabelsFile },
};

test.each(Object.entries(SUBJECTS))(
  "mutants of %s are read or are errors of the input, in bounded time and memory",
  { timeout: 120_000 + ROUNDS * 200 },
  async (name, { file, good, fewer = 1, beside = {}, read }) => {
    const root = join(folder, name.replaceAll(/\W+/g, "-"));
    for (const [path, content] of Object.entries({ [file]: "", ...beside })) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    const path = join(root, file);
    await writeFile(path, good());
    await read(path); // the good file is read

    const bits = seededBits(SEED);
    const random: Random = (below) => randomBelow(bits, Math.max(1, below));
    const before = process.memoryUsage.rss();
    const seen = { read: 0, refused: 0 };
    for (let round = 0; round < ROUNDS / fewer; round++) {
      let mutant = Buffer.from(good());
      for (let count = 1 + random(2); count > 0 && mutant.length > 0; count--)
        mutant = Buffer.from(MUTATIONS[random(MUTATIONS.length)]?.(mutant, random) ?? mutant);
      await writeFile(path, mutant);
      const start = process.cpuUsage();
      const result = await read(path).catch((error: unknown) => error);
      const where = `${name}, round ${round}: ${mutant.toString("base64").slice(0, 4000)}`;
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1000, where).toBeLessThan(MAX_MILLISECONDS);
      if (result instanceof Error) {
        if (!(result instanceof FieldmarkError)) throw new Error(where, { cause: result });
        expect(result.fault, where).toBe("input");
        expect(result.message, where).not.toBe("");
        seen.refused++;
      } else seen.read++;
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH);
    expect(seen.refused).toBeGreaterThan(0);
  },
);
