import { basename, dirname, extname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { isFile, isFolder } from "../dataset/text-file.ts";
import type { Predictions } from "./predictions.ts";
import { readPredictionsCsv } from "./read-predictions-csv.ts";
import type { ParquetPredictions } from "./read-predictions-parquet.ts";
import { readSavedMeasures } from "./saved-measures.ts";

export interface ReadPredictionsOptions {
  /** Names for the columns; default: the file's own, or measures.json's beside it, or `class_<index>`. */
  readonly classNames?: readonly string[];
  /** 0-based labels by image file name, which replace the file's; a row in neither is an error. */
  labels?(classNames: readonly string[]): ReadonlyMap<string, number>;
}

export interface SavedPredictions {
  readonly predictions: Predictions;
  /** Who named the classes: "labels file", "predictions.parquet", "measures.json" or "index". */
  readonly classNameSource: string;
}

/**
 * Reads saved predictions: a folder that holds predictions.parquet or .csv, or one of these files.
 * Needed columns: image_file_name (or image, file_name, filename, file, path), label, p0 … p{classes−1}; sha256 and
 * milliseconds are read where they are.
 * @throws PREDICTIONS_INVALID naming every bad row and its column; CLASSES_MISMATCH; FILE_NOT_FOUND
 */
export async function readPredictions(
  path: string,
  options: ReadPredictionsOptions = {},
): Promise<SavedPredictions> {
  const file = await findPredictions(path);
  const { rows, classNames: own } =
    extname(file).toLowerCase() === ".parquet"
      ? await readParquet(file)
      : { rows: await readPredictionsCsv(file), classNames: null };
  const { names, source } = await nameClasses(file, rows.classes, options.classNames ?? null, own);
  if (names.length !== rows.classes || new Set(names).size !== names.length) {
    throw new FieldmarkError(
      "CLASSES_MISMATCH",
      `${file}: ${rows.classes} probability columns, but ${new Set(names).size} different class names (${source})`,
      { file },
    );
  }
  const labels = options.labels?.(names) ?? new Map();
  return { predictions: rows.finish({ classNames: names, labels }), classNameSource: source };
}

/** The reader of Parquet is loaded where there is some: an evaluation has none. */
async function readParquet(file: string): Promise<ParquetPredictions> {
  const { readPredictionsParquet } = await import("./read-predictions-parquet.ts");
  return await readPredictionsParquet(file);
}

/** The file of saved predictions that `path` means: itself, or predictions.parquet or .csv in that folder. */
export async function findPredictions(path: string): Promise<string> {
  if (!(await isFolder(path))) {
    if (await isFile(path)) return path;
    throw new FieldmarkError("FILE_NOT_FOUND", `${path}: no such file or folder`, { file: path });
  }
  for (const name of ["predictions.parquet", "predictions.csv"]) {
    if (await isFile(join(path, name))) return join(path, name);
  }
  throw new FieldmarkError(
    "FILE_NOT_FOUND",
    `${path}: holds neither predictions.parquet nor predictions.csv`,
  );
}

async function nameClasses(
  file: string,
  classes: number,
  given: readonly string[] | null,
  own: readonly string[] | null,
): Promise<{ names: readonly string[]; source: string }> {
  if (given !== null) return { names: given, source: "labels file" };
  if (own !== null) return { names: own, source: basename(file) };
  const beside = (await readSavedMeasures(join(dirname(file), "measures.json")))?.classNames ?? null;
  if (beside !== null) return { names: beside, source: "measures.json" };
  return { names: Array.from({ length: classes }, (_, index) => `class_${index}`), source: "index" };
}
