import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { CsvError, parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { isFile, isFolder, readTextFile } from "../dataset/text-file.ts";
import { type Predictions, withPredicted } from "./predictions.ts";
import { CLASS_NAMES_KEY } from "./predictions-parquet.ts";

/** Rows as read, before they are checked: cells by column. */
interface RawRows {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly classNames: readonly string[] | null;
  /** Line of the first row, for messages. */
  readonly firstRow: number;
}

export interface ReadPredictionsOptions {
  /** Names for the columns; default: the file's own, or measures.json's beside it, or `class_<index>`. */
  readonly classNames?: readonly string[];
  /** 0-based labels by image file name, which replace the file's; a row in neither is an error. */
  readonly labels?: ReadonlyMap<string, number>;
}

/**
 * Reads saved predictions: a folder that holds predictions.parquet or .csv, or one of these files.
 * Needed columns: image_file_name (or file), label, p0 … p{classes−1}; others are optional.
 * @throws PREDICTIONS_INVALID naming the row and the column
 */
export async function readPredictions(
  path: string,
  options: ReadPredictionsOptions = {},
): Promise<Predictions> {
  const { classNames, labels } = options;
  const file = await findPredictions(path);
  const raw = extname(file) === ".parquet" ? await readParquet(file) : await readCsv(file);
  const classes = countClasses(file, raw.columns);
  const names = classNames ?? raw.classNames ?? (await namesBeside(file)) ?? indexNames(classes);
  if (names.length !== classes) {
    throw new FieldmarkError(
      "CLASSES_MISMATCH",
      `${file}: ${classes} probability columns, but ${names.length} class names`,
    );
  }
  return check(file, raw, { classNames: names, relabel: labels ?? new Map() });
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

async function readCsv(file: string): Promise<RawRows> {
  let columns: readonly string[] = [];
  const keepHeader = (header: string[]) => {
    columns = header;
    return header;
  };
  try {
    const rows: Record<string, string>[] = parse(await readTextFile(file), {
      columns: keepHeader,
      bom: true,
      skip_empty_lines: true,
    });
    return { columns, rows, classNames: null, firstRow: 2 };
  } catch (cause) {
    if (cause instanceof CsvError) {
      throw new FieldmarkError("PREDICTIONS_INVALID", `${file}: ${cause.message}`, { file }, cause);
    }
    throw cause;
  }
}

async function readParquet(file: string): Promise<RawRows> {
  const bytes = await readFile(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = parquetMetadata(buffer);
    const rows = (await parquetReadObjects({ file: buffer, metadata })) as Record<string, unknown>[];
    const text = metadata.key_value_metadata?.find(({ key }) => key === CLASS_NAMES_KEY)?.value;
    const names: unknown = text === undefined ? null : JSON.parse(text);
    return { columns: Object.keys(rows[0] ?? {}), rows, classNames: stringsOrNull(names), firstRow: 1 };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FieldmarkError(
      "PREDICTIONS_INVALID",
      `${file}: not a Parquet file that can be read: ${why}`,
      { file },
      cause,
    );
  }
}

/** Class names of the measures.json that was written with these predictions. */
async function namesBeside(file: string): Promise<readonly string[] | null> {
  const path = join(dirname(file), "measures.json");
  if (!(await isFile(path))) return null;
  let value: unknown;
  try {
    value = JSON.parse(await readTextFile(path));
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${path}: ${String(cause)}`, { file: path }, cause);
  }
  return typeof value === "object" && value !== null && "classNames" in value
    ? stringsOrNull(value.classNames)
    : null;
}

function stringsOrNull(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
}

function indexNames(classes: number): readonly string[] {
  return Array.from({ length: classes }, (_, index) => `class_${index}`);
}

function countClasses(file: string, columns: readonly string[]): number {
  const has = new Set(columns);
  let classes = 0;
  while (has.has(`p${classes}`)) classes++;
  if (classes >= 2) return classes;
  throw new FieldmarkError(
    "PREDICTIONS_INVALID",
    `${basename(file)}: no probability columns p0, p1, …; the columns are: ${columns.slice(0, 12).join(", ")}`,
    { file },
  );
}

function check(
  file: string,
  { columns, rows, firstRow }: RawRows,
  classNames: readonly string[],
): Predictions {
  const classes = classNames.length;
  const nameColumn = columns.includes("image_file_name") ? "image_file_name" : "file";
  const probabilities = new Float32Array(rows.length * classes);
  const labels = new Int32Array(rows.length);
  const milliseconds = new Float64Array(rows.length);
  rows.forEach((row, index) => {
    const fail = (column: string, expected: string): never => {
      const found = JSON.stringify(row[column] ?? null);
      throw new FieldmarkError(
        "PREDICTIONS_INVALID",
        `${basename(file)}: row ${index + firstRow}: ${column} is ${found}, expected ${expected}`,
        { file, row: index + firstRow },
      );
    };
    const label = relabel.get(String(row[nameColumn] ?? "")) ?? number(row.label);
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      fail("label", `an integer from 0 to ${classes - 1}`);
    labels[index] = label;
    milliseconds[index] = number(row.milliseconds);
    for (let column = 0; column < classes; column++) {
      const value = number(row[`p${column}`]);
      if (!(value >= 0 && value <= 1.0001)) fail(`p${column}`, "a probability from 0 to 1");
      probabilities[index * classes + column] = value;
    }
  });
  const text = (column: string) => rows.map((row) => (typeof row[column] === "string" ? row[column] : ""));
  return withPredicted({
    classNames,
    imageFileNames: text(nameColumn),
    sha256: text("sha256"),
    labels,
    probabilities: { rows: rows.length, columns: classes, data: probabilities },
    milliseconds,
  });
}

/** NaN for anything that is no plain number. */
function number(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}
