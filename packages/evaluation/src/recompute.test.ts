import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preprocessing, RECIPE_NAMES } from "@fieldmark/imaging";
import { Ajv2020 } from "ajv/dist/2020.js";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MeasuredEvaluation } from "./evaluate-options.ts";
import { writeJsonFile, writeWhole } from "./files.ts";
import { makeEvaluation } from "./make-evaluation.ts";
import { failure, madePredictions } from "./predictions/made-predictions.test.support.ts";
import { csvChunks } from "./predictions/predictions-csv.ts";
import { predictionsParquet } from "./predictions/predictions-parquet.ts";
import { type RecomputeOptions, recompute } from "./recompute.ts";

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(await readFile(new URL("../schema/measures.schema.json", import.meta.url), "utf8")),
);

/** measures.json as a run writes it: everything that can be there is there. */
function evaluation(recipe: string = "mobilenet_v2"): MeasuredEvaluation {
  const made = madePredictions(60, 5);
  const sha256 = made.sha256.map((digest, row) => (row % 20 === 0 ? "a".repeat(64) : digest));
  return makeEvaluation(
    {
      predictions: { ...made, sha256 },
      failures: [{ imageFileName: "x.jpg", label: 1, code: "IMAGE_BROKEN", message: "x.jpg: cut short" }],
      warnings: ["y.png: 16-bit grey is clipped"],
      recipeCheck: {
        recipe,
        examples: 60,
        accuracy: 0.25,
        others: [{ recipe: "raw", accuracy: 0.5 }],
        better: { recipe: "raw", accuracy: 0.5 },
      },
      provenance: {
        time: "2026-01-02T03:04:05.678Z",
        command: "fieldmark evaluate --model m",
        versions: { fieldmark: "0.1.0", node: "20.19.0" },
        model: {
          path: "/m/model.tar.gz",
          format: "TensorFlow SavedModel",
          producer: "TensorFlow 2.15.1",
          digest: `sha256:${"b".repeat(64)}`,
          signature: "serving_default",
          output: { name: "output", kind: "probabilities", reason: "made by Softmax", classes: 5 },
          parameters: 12,
        },
        dataset: {
          source: "test.csv, 60 pictures",
          digest: `sha256:${"c".repeat(64)}`,
          examples: 61,
          classNameSource: "annotations",
        },
        preprocessing: {
          recipe: preprocessing(recipe, { height: 96, width: 96 }),
          chosenBy: "recognised: Rescaling",
          notes: ["pixels are scaled to −1 … 1"],
        },
        seconds: 1.25,
      },
    },
    {},
  );
}

let folder: string;
let original: MeasuredEvaluation;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-recompute-"));
  original = evaluation();
  await writeWhole(join(folder, "run/predictions.csv"), csvChunks(original.predictions));
  await writeWhole(join(folder, "run/predictions.parquet"), [predictionsParquet(original.predictions)]);
  await writeJsonFile(join(folder, "run/measures.json"), original.measures);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function again(options: Partial<RecomputeOptions> = {}) {
  return await recompute({ predictions: join(folder, "run"), output: join(folder, "again"), ...options });
}

test.each(RECIPE_NAMES)(
  "a full measures.json of a run with %s is valid by the published schema",
  (recipe) => {
    const text = JSON.stringify(evaluation(recipe).measures);
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
  },
);

test("warnings of a run: the recipe first, then suspicions, then pictures", () => {
  const [recipe, suspicion, picture, ...others] = original.measures.warnings;
  expect(recipe).toContain("on 60 pictures mobilenet_v2 is right on 25 %, raw on 50 %; try --recipe raw");
  expect(suspicion).toContain("is not clearly above");
  expect([picture, ...others]).toEqual(["y.png: 16-bit grey is clipped"]);
  expect(original.measures.conflictingCopies).toHaveLength(1);
});

test.each(["predictions.parquet", "predictions.csv"])(
  "from %s: the measures of the run, its failures, its recipe check, its model and recipe",
  async (name) => {
    const now = () => new Date("2026-05-06T07:08:09.000Z");
    const { measures, files } = await again({ predictions: join(folder, "run", name), command: "c", now });
    const { provenance, warnings, ...numbers } = measures;
    const { provenance: before, warnings: warned, ...expected } = original.measures;
    expect(numbers).toEqual(expected);
    expect(warnings).toEqual(warned.slice(0, 2));
    expect(provenance).toMatchObject({
      model: before.model,
      preprocessing: before.preprocessing,
      seconds: null,
      time: "2026-05-06T07:08:09.000Z",
      command: "c",
      dataset: { source: name, examples: 60 },
    });
    expect(provenance.dataset.classNameSource).toBe(name.endsWith(".csv") ? "measures.json" : name);
    expect(await readFile(files.measuresJson, "utf8")).toBe(`${JSON.stringify(measures, null, 2)}\n`);
    expect(validate(JSON.parse(await readFile(files.measuresJson, "utf8")))).toBe(true);
  },
);

test("what is recomputed can be recomputed, to the same files", async () => {
  const now = () => new Date(0);
  const first = await again({ now });
  const second = await again({ predictions: join(folder, "again"), output: join(folder, "third"), now });
  expect(second.measures).toEqual(first.measures);
  expect(await readFile(second.files.predictionsCsv, "utf8")).toBe(
    await readFile(first.files.predictionsCsv, "utf8"),
  );
});

async function labels(text: string): Promise<string> {
  const path = join(folder, "corrected.csv");
  await writeFile(path, text);
  return path;
}

test("labels of a CSV, ids or names, replace those of the rows that they name", async () => {
  const [first = "", second = ""] = original.predictions.imageFileNames;
  const [was] = original.predictions.labels;
  const wanted = ((was ?? 0) + 1) % 5;
  const byId = await again({
    annotations: await labels(`image_file_name,class_id\n"${first}",${wanted + 1}\n`),
  });
  expect(byId.predictions.labels[0]).toBe(wanted);
  expect(byId.predictions.labels.slice(1)).toEqual(original.predictions.labels.slice(1));
  expect(byId.measures.provenance.dataset.source).toBe("predictions.parquet with labels of corrected.csv");
  expect(byId.measures.provenance.dataset.digest).not.toBe(
    (await again()).measures.provenance.dataset.digest,
  );
  const byName = await labels(`image,label\n"${second}",013.Bobolink\n`);
  expect((await again({ annotations: byName })).predictions.labels[1]).toBe(0);
});

test("bad labels are told together with their rows, and nothing is written", async () => {
  const [first] = original.predictions.imageFileNames;
  const annotations = await labels(`image,class_id\n"${first}",1\n"${first}",2\n"${first}",6\n`);
  const error = await failure(again({ annotations }));
  expect(error.code).toBe("DATASET_INVALID");
  expect(error.message).toContain("corrected.csv: 2 problems");
  expect(error.message).toContain(`row 3: ${first} is doubled`);
  expect(error.message).toContain("row 4: class 6 is out of range: the predictions have 5 classes");
  const unknown = await labels("image,label\nx.jpg,Dodo\n");
  expect((await failure(again({ annotations: unknown }))).message).toContain('row 2: unknown class "Dodo"');
  const gone = await labels("image,class_id\nx.jpg,1\n");
  expect((await failure(again({ annotations: gone }))).message).toContain(
    "x.jpg: no such row in the predictions",
  );
  expect(await readdir(folder)).not.toContain("again");
});

test("another tool's CSV: class names from a file, no model, no recipe", async () => {
  const predictions = join(folder, "theirs.csv");
  await writeFile(predictions, "file,label,p0,p1\na.jpg,0,0.9,0.1\nb.jpg,1,0.2,0.8\n");
  await writeFile(join(folder, "names.txt"), "Häher\nFink\n");
  const { measures } = await again({ predictions, classNames: join(folder, "names.txt") });
  expect(measures.perClass.map(({ name }) => name)).toEqual(["Häher", "Fink"]);
  expect(measures.overall.accuracy.value).toBe(1);
  expect(measures.provenance).toMatchObject({ model: null, preprocessing: null });
  expect(measures.provenance.dataset.classNameSource).toBe("labels file");
  expect(validate(JSON.parse(JSON.stringify(measures)))).toBe(true);
});

test("a header without rows is an empty dataset; a broken measures.json beside is named", async () => {
  const predictions = join(folder, "empty.csv");
  await writeFile(predictions, "file,label,p0,p1\n");
  expect((await failure(again({ predictions }))).code).toBe("DATASET_EMPTY");
  await writeFile(join(folder, "run/measures.json"), '{"schemaVersion": 1, "provenance": null}');
  const error = await failure(again());
  expect([error.code, error.message]).toEqual([
    "JSON_INVALID",
    expect.stringContaining("run/measures.json: provenance"),
  ]);
});

test("thumbnails come from inside the images folder alone", async () => {
  const pixel = await sharp({ create: { width: 9, height: 9, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  await mkdir(join(folder, "images"));
  await writeFile(join(folder, "images/in.png"), pixel);
  await writeFile(join(folder, "out.png"), pixel);
  const predictions = join(folder, "theirs.csv");
  await writeFile(predictions, "file,label,p0,p1\nin.png,0,0.1,0.9\n../out.png,0,0.1,0.9\n");
  const { files } = await again({ predictions, images: join(folder, "images") });
  const page = await readFile(files.reportHtml, "utf8");
  expect(page).toContain("../out.png");
  expect(page.match(/data:image\/webp/g)).toHaveLength(1);
});
