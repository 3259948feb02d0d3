import { createHash } from "node:crypto";
import { basename, dirname, join, resolve, sep } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type Annotation, readAnnotationsCsv } from "./dataset/annotations-csv.ts";
import { readLabelsFile } from "./dataset/class-names.ts";
import { Problems } from "./dataset/problems.ts";
import type { Evaluation, OutputOptions } from "./evaluate-options.ts";
import { makeEvaluation } from "./make-evaluation.ts";
import type { Predictions } from "./predictions/predictions.ts";
import { findPredictions, readPredictions } from "./predictions/read-predictions.ts";
import { readSavedMeasures } from "./predictions/saved-measures.ts";
import type { Provenance } from "./report/provenance.ts";
import { reportPictures } from "./report/report-pictures.ts";
import { thumbnail } from "./report/thumbnail.ts";
import { versions } from "./report/versions.ts";
import { writeEvaluation } from "./write-evaluation.ts";

export interface RecomputeOptions extends OutputOptions {
  /** Folder of an evaluation, predictions.csv or predictions.parquet. */
  readonly predictions: string;
  /** CSV as evaluate's annotations, with class ids or names: its labels replace those of the rows that it names. */
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
 * Pictures that failed, the recipe check, model and recipe are those of the measures.json beside the predictions.
 * @throws PREDICTIONS_INVALID, DATASET_INVALID (a label of a picture that was not predicted), CLASSES_MISMATCH,
 *   JSON_INVALID, FILE_NOT_FOUND, DISK
 */
export async function recompute(options: RecomputeOptions): Promise<Evaluation> {
  const { annotations, images } = options;
  const file = await findPredictions(options.predictions);
  const classNames = options.classNames === undefined ? undefined : await readLabelsFile(options.classNames);
  const rows = annotations === undefined ? [] : await readAnnotationsCsv(annotations, { images: "" });
  const labelsIn = basename(annotations ?? "");
  const { predictions, classNameSource } = await readPredictions(file, {
    ...(classNames === undefined ? {} : { classNames }),
    labels: (names) => labelsOf(labelsIn, rows, names),
  });
  if (predictions.labels.length === 0)
    throw new FieldmarkError("DATASET_EMPTY", `${file}: no predictions in it`);
  requirePredicted(labelsIn, rows, predictions);

  const before = await readSavedMeasures(join(dirname(file), "measures.json"));
  const source = annotations === undefined ? basename(file) : `${basename(file)} with labels of ${labelsIn}`;
  const provenance: Provenance = {
    time: (options.now ?? (() => new Date()))().toISOString(),
    command: options.command ?? "",
    versions: versions(),
    model: before?.model ?? null,
    dataset: { source, digest: digestOf(predictions), examples: predictions.labels.length, classNameSource },
    preprocessing: before?.preprocessing ?? null,
    seconds: null,
  };
  const { failures = [], recipeCheck = null } = before ?? {};
  const evaluation = makeEvaluation(
    { predictions, failures, warnings: [], recipeCheck, provenance },
    options,
  );
  const pictures = await reportPictures(predictions, async (name) => {
    const path = images === undefined ? null : placeOf(images, name);
    return path === null ? null : await thumbnail(path);
  });
  const files = await writeEvaluation(evaluation, options, pictures);
  return { ...evaluation, files };
}

/** Labels by file name, as indices; problems of all rows are told together. */
function labelsOf(
  file: string,
  rows: readonly Annotation[],
  names: readonly string[],
): ReadonlyMap<string, number> {
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const labels = new Map<string, number>();
  const problems = new Problems(file);
  for (const { row, imageFileName, label } of rows) {
    const index = typeof label === "number" ? label : indexOf.get(label);
    if (index === undefined) problems.add(row, `unknown class "${label}"`);
    else if (index >= names.length)
      problems.add(row, `class ${index + 1} is out of range: the predictions have ${names.length} classes`);
    else if (labels.has(imageFileName)) problems.add(row, `${imageFileName} is doubled`);
    else labels.set(imageFileName, index);
  }
  problems.throwIfAny();
  return labels;
}

function requirePredicted(file: string, rows: readonly Annotation[], predictions: Predictions): void {
  const predicted = new Set(predictions.imageFileNames);
  const problems = new Problems(file);
  for (const { row, imageFileName } of rows) {
    if (!predicted.has(imageFileName)) problems.add(row, `${imageFileName}: no such row in the predictions`);
  }
  problems.throwIfAny();
}

function digestOf({ classNames, imageFileNames, labels, sha256 }: Predictions): string {
  const hash = createHash("sha256").update(JSON.stringify(classNames));
  for (const [row, name] of imageFileNames.entries())
    hash.update(`\n${labels[row]}\t${name}\t${sha256[row]}`);
  return `sha256:${hash.digest("hex")}`;
}

/** A picture in the folder; null for a name that leads out of it. */
function placeOf(images: string, name: string): string | null {
  const path = resolve(images, name);
  return path.startsWith(resolve(images) + sep) ? path : null;
}
