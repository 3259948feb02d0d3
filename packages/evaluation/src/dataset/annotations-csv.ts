import { basename } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { CsvError, parse } from "csv-parse/sync";
import type { DatasetOptions, LabelForm } from "./dataset.ts";
import { Problems } from "./problems.ts";
import { readTextFile } from "./text-file.ts";

/** One row of an annotations file, before its picture is looked up. */
export interface Annotation {
  /** Line in the file, 1-based. */
  readonly row: number;
  readonly imageFileName: string;
  /** 0-based class index, or the class's name where labels are names. */
  readonly label: number | string;
  /** The class's name where the file has a column for it. */
  readonly className: string | null;
}

/** Column names that are understood without a flag, the lab's first. */
const IMAGE_COLUMNS = ["image_file_name", "image", "file_name", "filename", "file", "path"];
const LABEL_COLUMNS: readonly (readonly [string, LabelForm])[] = [
  ["class_id", "one-based"],
  ["label", "name"],
  ["class", "name"],
];
const NAME_COLUMN = "class_name";

/** A byte-exact view of the rows: header, then records with their line numbers. */
interface Table {
  readonly header: readonly string[];
  readonly records: readonly { readonly row: number; readonly cells: readonly string[] }[];
}

/**
 * Reads annotations: a CSV with a header, one row a picture.
 * @throws DATASET_INVALID naming every bad row; DATASET_EMPTY; USAGE when a named column is absent
 */
export async function readAnnotationsCsv(
  path: string,
  options: DatasetOptions,
): Promise<readonly Annotation[]> {
  const file = basename(path);
  const table = parseTable(path, await readTextFile(path));
  const columns = findColumns(path, table.header, options);
  const problems = new Problems(file);
  const annotations: Annotation[] = [];
  for (const { row, cells } of table.records) {
    const imageFileName = (cells[columns.image] ?? "").trim();
    const text = (cells[columns.label] ?? "").trim();
    if (imageFileName === "") problems.add(row, `column "${table.header[columns.image]}" is empty`);
    const label = readLabel(text, columns.form, (found) =>
      problems.add(row, `column "${table.header[columns.label]}" is "${text}", expected ${found}`),
    );
    const className = columns.name === null ? null : (cells[columns.name] ?? "").trim();
    if (className === "") problems.add(row, `column "${table.header[columns.name ?? 0]}" is empty`);
    if (label !== null) annotations.push({ row, imageFileName, label, className });
  }
  problems.throwIfAny();
  if (annotations.length === 0)
    throw new FieldmarkError("DATASET_EMPTY", `${path}: no rows below the header`);
  return annotations;
}

function readLabel(
  text: string,
  form: LabelForm,
  complain: (expected: string) => void,
): number | string | null {
  if (form === "name") {
    if (text === "") complain("a class name");
    return text === "" ? null : text;
  }
  const first = form === "one-based" ? 1 : 0;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= first)) {
    complain(`an integer ≥ ${first}`);
    return null;
  }
  return value - first;
}

function parseTable(path: string, text: string): Table {
  let rows: { info: { lines: number }; record: string[] }[];
  try {
    rows = parse(text, { info: true, bom: true, skip_empty_lines: true, relax_column_count: false }) as never;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new FieldmarkError("DATASET_INVALID", `${path}: ${cause.message}`, { file: path }, cause);
  }
  const [header, ...records] = rows;
  if (header === undefined) throw new FieldmarkError("DATASET_EMPTY", `${path}: the file is empty`);
  return {
    header: header.record.map((name) => name.trim()),
    records: records.map(({ info, record }) => ({ row: info.lines, cells: record })),
  };
}

function findColumns(path: string, header: readonly string[], options: DatasetOptions) {
  const image = find(path, header, options.imageColumn, IMAGE_COLUMNS, "--image-column");
  const known = LABEL_COLUMNS.filter(([name]) => header.includes(name));
  const label = find(
    path,
    header,
    options.labelColumn,
    LABEL_COLUMNS.map(([name]) => name),
    "--label-column",
  );
  const form = options.labelForm ?? known.find(([name]) => name === header[label])?.[1] ?? "name";
  const nameColumn = options.nameColumn ?? (header.includes(NAME_COLUMN) ? NAME_COLUMN : undefined);
  const name =
    nameColumn === undefined || form === "name" ? null : find(path, header, nameColumn, [], "--name-column");
  return { image, label, form, name };
}

function find(
  path: string,
  header: readonly string[],
  asked: string | undefined,
  known: readonly string[],
  flag: string,
): number {
  const name = asked ?? known.find((candidate) => header.includes(candidate));
  const index = name === undefined ? -1 : header.indexOf(name);
  if (index >= 0) return index;
  const wanted = asked === undefined ? `one of ${known.join(", ")}` : `"${asked}"`;
  throw new FieldmarkError(
    asked === undefined ? "DATASET_INVALID" : "USAGE",
    `${path}: no column ${wanted}; the header has: ${header.join(", ")}. Name the column with ${flag}`,
    { file: path },
  );
}
