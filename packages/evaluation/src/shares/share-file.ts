import { readdir, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { Problems } from "../dataset/problems.ts";
import { writeWhole } from "../files.ts";
import type { RecipeHits } from "../pipeline/recipe-check.ts";
import { JsonFields } from "../predictions/json-fields.ts";
import { failureOf, modelOf, preprocessingOf } from "../predictions/saved-measures.ts";
import type { Share } from "./share.ts";
import type { ShareNumber } from "./share-rows.ts";

/** Folder of the shares in an output folder. */
export const SHARES_FOLDER = "shares";
/** Format of the file; another one is refused. */
const VERSION = 1;
const MOST_SHARES = 1000;
const MOST_EXAMPLES = 2 ** 28;

/** Path of a share in the output folder, without an ending: every instance has a name of its own there. */
export function shareName(output: string, { number, shares }: ShareNumber): string {
  return join(output, SHARES_FOLDER, `${number}-of-${shares}`);
}

/** The file of a share in the output folder. */
export function shareFile(output: string, share: ShareNumber): string {
  return `${shareName(output, share)}.parquet`;
}

/** Removes the folder of the shares when nothing is left in it. */
export async function removeSharesFolder(output: string): Promise<void> {
  const folder = join(output, SHARES_FOLDER);
  const left = await readdir(folder).catch(() => ["unknown"]);
  if (left.length === 0) await rmdir(folder).catch(() => {}); // somebody else's file came meanwhile: it stays
}

/**
 * Writes a share whole: its predictions as Parquet, all else as JSON in the file's metadata.
 * @throws DISK
 */
export async function writeShare(path: string, share: Share): Promise<void> {
  const { predictions, ...rest } = share;
  const { predictionsParquet } = await import("../predictions/predictions-parquet.ts"); // as slow to load as it is seldom
  await writeWhole(path, [predictionsParquet(predictions, JSON.stringify({ version: VERSION, ...rest }))]);
}

/**
 * Reads a share that an instance wrote.
 * @throws PREDICTIONS_INVALID, JSON_INVALID, FILE_TOO_LARGE
 */
export async function readShare(path: string): Promise<Share> {
  const { readPredictionsParquet } = await import("../predictions/read-predictions-parquet.ts");
  const { rows, classNames, share } = await readPredictionsParquet(path);
  const file = basename(path);
  if (share === null || classNames === null) {
    throw new FieldmarkError("PREDICTIONS_INVALID", `${path}: no share of an evaluation`, { file: path });
  }
  const head = parseHead(file, share);
  const predictions = rows.finish({ classNames, labels: new Map() });
  const problems = new Problems(file, "PREDICTIONS_INVALID");
  if (head.rows.length !== predictions.labels.length)
    problems.add(null, `${predictions.labels.length} predictions for ${head.rows.length} rows`);
  const all = [...head.rows, ...[...head.failures, ...head.absent].map(({ row }) => row)];
  if (new Set(all).size !== all.length) problems.add(null, "a picture is in it twice");
  problems.throwIfAny();
  return { ...head, predictions };
}

function parseHead(file: string, text: string): Omit<Share, "predictions"> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${file}: ${String(cause)}`, { file }, cause);
  }
  if (typeof value !== "object" || value === null)
    throw new FieldmarkError("JSON_INVALID", `${file}: its share is not an object`, { file });
  const root = new JsonFields(value, { file, wanted: "a share of an evaluation" });
  root.integer("version", VERSION, VERSION);
  const shares = root.integer("shares", 1, MOST_SHARES);
  const examples = root.integer("examples", 1, MOST_EXAMPLES);
  const rowOf = (fields: JsonFields) => fields.integer("row", 0, examples - 1);
  return {
    number: root.integer("number", 1, shares),
    shares,
    host: root.value("host") === null ? null : root.text("host"),
    examples,
    annotationsDigest: root.text("annotationsDigest"),
    provenance: provenanceOf(root.object("provenance"), file),
    recipeHits: root.objectOrNull("recipeHits", (fields) => hitsOf(fields, examples)),
    rows: root.integers("rows", 0, examples - 1),
    failures: root.list("failures").map((one) => ({ row: rowOf(one), ...failureOf(one) })),
    warnings: root.list("warnings").map((one) => ({ row: rowOf(one), text: one.text("text") })),
    absent: root.list("absent").map((one) => ({ row: rowOf(one), imageFileName: one.text("imageFileName") })),
  };
}

function provenanceOf(fields: JsonFields, file: string): Share["provenance"] {
  const dataset = fields.object("dataset");
  return {
    command: fields.text("command"),
    versions: fields.object("versions").allTexts(),
    model: fields.objectOrNull("model", modelOf),
    dataset: {
      source: dataset.text("source"),
      examples: dataset.number("examples"),
      classNameSource: dataset.text("classNameSource"),
    },
    preprocessing: fields.objectOrNull("preprocessing", (one) => preprocessingOf(one, file)),
    seconds: fields.value("seconds") === null ? null : fields.number("seconds"),
  };
}

function hitsOf(fields: JsonFields, examples: number): RecipeHits {
  return {
    recipe: fields.text("recipe"),
    rows: fields.integers("rows", 0, examples - 1),
    results: fields
      .list("results")
      .map((one) => ({ recipe: one.text("recipe"), right: one.booleans("right") })),
  };
}
