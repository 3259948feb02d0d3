import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { readAnnotationsCsv } from "./dataset/annotations-csv.ts";
import { readLabelsFile } from "./dataset/class-names.ts";
import { Problems } from "./dataset/problems.ts";
import { isFile, readTextFile } from "./dataset/text-file.ts";
import type { Evaluation, OutputOptions } from "./evaluate-options.ts";
import { makeEvaluation } from "./make-evaluation.ts";
import type { Predictions } from "./predictions/predictions.ts";
import { findPredictions, readPredictions } from "./predictions/read-predictions.ts";
import type { Provenance } from "./report/provenance.ts";
import { versions } from "./report/versions.ts";
import { writeEvaluation } from "./write-evaluation.ts";

export interface RecomputeOptions extends OutputOptions {
  /** Folder of an evaluation, predictions.csv or predictions.parquet. */
  readonly predictions: string;
  /** CSV as evaluate's annotations: its labels replace those of the rows that it names. */
  readonly annotations?: string;
  /** Class names in the order of the columns: one a line, or JSON. */
  readonly classNames?: string;
  /** Folder of the pictures, for thumbnails. */
  readonly images?: string;
  readonly command?: string;
  readonly now?: () => Date;
}

/**
 * Measures and report from saved predictions, without the model: after rows were relabelled, or of another tool.
 * @throws PREDICTIONS_INVALID, DATASET_INVALID (a label of a picture that was not predicted), FILE_NOT_FOUND
 */
export async function recompute(options: RecomputeOptions): Promise<Evaluation> {
  const file = await findPredictions(options.predictions);
  const classNames = options.classNames === undefined ? undefined : await readLabelsFile(options.classNames);
  const labels = options.annotations === undefined ? undefined : await readLabels(options.annotations);
  const predictions = await readPredictions(file, {
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined ? {} : { labels }),
  });
  if (predictions.labels.length === 0)
    throw new FieldmarkError("DATASET_EMPTY", `${file}: no predictions in it`);
  if (options.annotations !== undefined && labels !== undefined) {
    requirePredicted(options.annotations, labels, predictions);
  }
  const provenance = await provenanceOf(file, predictions, options);
  const evaluation = makeEvaluation(
    { predictions, failures: [], warnings: [], recipeCheck: null, provenance },
    options,
  );
  const { images } = options;
  const files = await writeEvaluation(evaluation, options, (name) =>
    images === undefined ? null : join(images, name),
  );
  return { ...evaluation, files };
}

async function readLabels(path: string): Promise<ReadonlyMap<string, number>> {
  const labels = new Map<string, number>();
  const problems = new Problems(basename(path));
  for (const { row, imageFileName, label } of await readAnnotationsCsv(path, { images: "" })) {
    if (typeof label !== "number") problems.add(row, `label "${label}" is a name, expected a class_id`);
    else if (labels.has(imageFileName)) problems.add(row, `${imageFileName} is doubled`);
    else labels.set(imageFileName, label);
  }
  problems.throwIfAny();
  return labels;
}

function requirePredicted(path: string, labels: ReadonlyMap<string, number>, predictions: Predictions): void {
  const predicted = new Set(predictions.imageFileNames);
  const problems = new Problems(basename(path));
  for (const name of labels.keys())
    if (!predicted.has(name)) problems.add(null, `${name}: no such row in the predictions`);
  problems.throwIfAny();
}

/** What the measures.json beside the predictions says of model and recipe; null where there is none. */
async function provenanceOf(
  file: string,
  predictions: Predictions,
  options: RecomputeOptions,
): Promise<Provenance> {
  const before = await provenanceBeside(join(dirname(file), "measures.json"));
  const hash = createHash("sha256").update(JSON.stringify(predictions.classNames));
  for (const [row, name] of predictions.imageFileNames.entries()) {
    hash.update(`\n${predictions.labels[row]}\t${name}\t${predictions.sha256[row]}`);
  }
  return {
    time: (options.now ?? (() => new Date()))().toISOString(),
    command: options.command ?? "",
    versions: versions(),
    model: before?.model ?? null,
    dataset: {
      source:
        options.annotations === undefined
          ? basename(file)
          : `${basename(file)} with labels of ${basename(options.annotations)}`,
      digest: `sha256:${hash.digest("hex")}`,
      examples: predictions.labels.length,
      classNameSource: "labels file",
    },
    preprocessing: before?.preprocessing ?? null,
    seconds: null,
  };
}

async function provenanceBeside(path: string): Promise<Provenance | null> {
  if (!(await isFile(path))) return null;
  const value: unknown = JSON.parse(await readTextFile(path));
  if (typeof value !== "object" || value === null || !("provenance" in value)) return null;
  return value.provenance as Provenance;
}
