import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { count } from "../count.ts";
import { type Annotation, readAnnotationsCsv } from "./annotations-csv.ts";
import { readClassFolders } from "./class-folders.ts";
import { nameEveryOutput, readLabelsFile, requireCount } from "./class-names.ts";
import { isCubTree, readCubTree } from "./cub-tree.ts";
import type { ClassNameSource, Dataset, DatasetOptions, Example, ModelClasses } from "./dataset.ts";
import { Problems } from "./problems.ts";
import { isFile, isFolder, reason } from "./text-file.ts";

/** Rows before their files are looked up: who says them, and the line they stand in. */
interface Rows {
  readonly source: string;
  readonly imagesFolder: string;
  readonly rows: readonly {
    readonly row: number | null;
    readonly imageFileName: string;
    readonly label: number;
  }[];
  readonly classNames: readonly string[];
  readonly classNameSource: ClassNameSource;
  readonly notes: readonly string[];
}

/**
 * Reads a labelled test set and checks all of it before anything runs.
 * @param classes the model's outputs, which fix the number of classes
 * @throws DATASET_INVALID with every bad row together; DATASET_EMPTY; CLASSES_MISMATCH; FILE_NOT_FOUND
 */
export async function readDataset(options: DatasetOptions, classes: ModelClasses): Promise<Dataset> {
  if (!(await isFolder(options.images))) {
    throw new FieldmarkError("FILE_NOT_FOUND", `${options.images}: no such folder of images`, {
      images: options.images,
    });
  }
  const labels = options.labels === undefined ? null : await readLabelsFile(options.labels);
  if (labels !== null) requireCount(labels, classes, options.labels ?? "");
  const given: ModelClasses = { count: classes.count, names: labels ?? classes.names };
  const { source, imagesFolder, rows, classNames, classNameSource, notes } = await readRows(
    options,
    given,
    labels,
  );
  const { examples, absent } = await lookUp(rows, {
    source,
    folder: imagesFolder,
    classes: classes.count,
    mayLack: options.shard === true,
  });
  return {
    source: `${source}, ${count(examples.length, "picture")}`,
    examples,
    absent,
    classNames,
    classNameSource: labels === null ? classNameSource : "labels file",
    annotationsDigest: digest(examples, classNames),
    notes,
  };
}

async function readRows(
  options: DatasetOptions,
  given: ModelClasses,
  labels: readonly string[] | null,
): Promise<Rows> {
  const csv = await findCsv(options);
  if (csv !== null) return await rowsOfCsv(csv, options, given);
  if (options.shard === true) {
    throw new FieldmarkError(
      "DATASET_INVALID",
      `${options.images}: S3 dealt its files among the instances (ShardedByS3Key), and no annotations say what all of ` +
        "them are; give --annotations, or the pictures as FullyReplicated",
    );
  }
  if (await isCubTree(options.images)) return await rowsOfCub(options, given, labels);
  return await rowsOfFolders(options, given);
}

/** The annotations file: as told, test.csv in the folder that was told, or manifest/test.csv beside the images. */
async function findCsv({ images, annotations }: DatasetOptions): Promise<string | null> {
  if (annotations === undefined) {
    const beside = join(dirname(images), "manifest", "test.csv");
    return (await isFile(beside)) ? beside : null;
  }
  const path = (await isFolder(annotations)) ? join(annotations, "test.csv") : annotations;
  if (!(await isFile(path))) {
    throw new FieldmarkError("FILE_NOT_FOUND", `${path}: no such annotations file`, { file: path });
  }
  return path;
}

async function rowsOfCsv(path: string, options: DatasetOptions, given: ModelClasses): Promise<Rows> {
  const annotations = await readAnnotationsCsv(path, options);
  const file = basename(path);
  const problems = new Problems(file);
  const byIndex = new Map<number, string>((given.names ?? []).map((name, index) => [index, name]));
  const byName = new Map((given.names ?? []).map((name, index) => [name, index]));
  if (given.names === null) collectNames(annotations, byIndex, problems);
  const rows = annotations.flatMap(({ row, imageFileName, label }) => {
    if (typeof label === "number") return [{ row, imageFileName, label }];
    const index = byName.get(label);
    if (index !== undefined) return [{ row, imageFileName, label: index }];
    problems.add(
      row,
      `unknown class "${label}"${given.names === null ? "; give the class names with --labels" : ""}`,
    );
    return [];
  });
  problems.throwIfAny();
  return {
    source: file,
    imagesFolder: options.images,
    rows,
    classNames: nameEveryOutput(withinRange(byIndex, given.count), given),
    classNameSource: given.names === null ? "annotations" : "model archive",
    notes: [],
  };
}

/** Names by index from the name column; an index with two names, or a name with two indices, is a problem. */
function collectNames(
  annotations: readonly Annotation[],
  names: Map<number, string>,
  problems: Problems,
): void {
  const indexOf = new Map<string, number>();
  for (const { row, label, className } of annotations) {
    if (typeof label !== "number" || className === null) continue;
    const known = names.get(label);
    const other = indexOf.get(className);
    if (known !== undefined && known !== className) {
      problems.add(row, `class ${label + 1} is named "${className}" here and "${known}" above`);
    } else if (other !== undefined && other !== label) {
      problems.add(row, `"${className}" names class ${label + 1} here and class ${other + 1} above`);
    } else {
      names.set(label, className);
      indexOf.set(className, label);
    }
  }
}

/** Labels out of the model's range are reported row by row later; their names must not stretch the list. */
function withinRange(names: ReadonlyMap<number, string>, count: number): ReadonlyMap<number, string> {
  return new Map([...names].filter(([index]) => index < count));
}

async function rowsOfCub(
  options: DatasetOptions,
  given: ModelClasses,
  labels: readonly string[] | null,
): Promise<Rows> {
  const tree = await readCubTree(options.images);
  const split = options.split ?? "test";
  const part = tree.pictures.filter(
    (picture) => split === "all" || picture.split === null || picture.split === split,
  );
  const names = labels ?? given.names;
  const indexOf = new Map((names ?? tree.classNames).map((name, index) => [name, index]));
  if (names === null) requireCount(tree.classNames, given, "classes.txt");
  const kept = part.flatMap(({ imageFileName, label }) => {
    const index = indexOf.get(tree.classNames[label] ?? "");
    return index === undefined ? [] : [{ row: null, imageFileName, label: index }];
  });
  const left = part.length - kept.length;
  return {
    source: `CUB-200-2011 tree, ${split} split`,
    imagesFolder: join(options.images, "images"),
    rows: kept,
    classNames: names ?? tree.classNames,
    classNameSource: given.names === null ? "classes.txt" : "model archive",
    notes: left === 0 ? [] : [`left out, of classes that the model does not know: ${count(left, "picture")}`],
  };
}

async function rowsOfFolders(options: DatasetOptions, given: ModelClasses): Promise<Rows> {
  const folders = await readClassFolders(options.images);
  const names = given.names ?? folders.map((folder) => folder.name);
  const problems = new Problems(options.images);
  if (given.names === null && folders.length !== given.count) {
    problems.add(
      null,
      `${folders.length} class folders, but the model's output has ${given.count} classes; give their names with --labels`,
    );
  }
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const rows = folders.flatMap(({ name, imageFileNames }) => {
    const label = indexOf.get(name);
    if (label === undefined) problems.add(null, `folder "${name}" is not one of the class names`);
    return label === undefined
      ? []
      : imageFileNames.map((imageFileName) => ({ row: null, imageFileName, label }));
  });
  problems.throwIfAny();
  return {
    source: `class folders of ${basename(options.images)}`,
    imagesFolder: options.images,
    rows,
    classNames: names,
    classNameSource: given.names === null ? "folders" : "model archive",
    notes:
      given.names === null
        ? ["classes are numbered in the order of their folders' names, as Keras does"]
        : [],
  };
}

const STATS_AT_ONCE = 64;

interface LookUpOptions {
  readonly source: string;
  readonly folder: string;
  /** Of the model. */
  readonly classes: number;
  /** Files that are not there are no problem. */
  readonly mayLack: boolean;
}

/** Checks every row against the disk and the model: existing files, labels in range, no doubled rows. */
async function lookUp(
  rows: Rows["rows"],
  { source, folder, classes, mayLack }: LookUpOptions,
): Promise<Pick<Dataset, "examples" | "absent">> {
  if (rows.length === 0) throw new FieldmarkError("DATASET_EMPTY", `${source}: no labelled pictures`);
  const problems = new Problems(source);
  const firstRow = new Map<string, number | null>();
  const examples: Example[] = [];
  const absent: number[] = [];
  for (let start = 0; start < rows.length; start += STATS_AT_ONCE) {
    const part = rows.slice(start, start + STATS_AT_ONCE);
    const found = await Promise.all(part.map(({ imageFileName }) => lookAt(folder, imageFileName)));
    part.forEach(({ row, imageFileName, label }, index) => {
      const trouble = found[index] ?? null;
      const first = firstRow.get(imageFileName);
      if (trouble?.isAbsent === true && mayLack) absent.push(start + index);
      else if (trouble !== null) problems.add(row, `${imageFileName}: ${trouble.why}`);
      if (first !== undefined)
        problems.add(row, `${imageFileName} is doubled: row ${first} names it already`);
      if (label >= classes)
        problems.add(row, `class ${label + 1} is out of range: the model has ${classes} classes`);
      firstRow.set(imageFileName, first ?? row);
      examples.push({ imageFileName, path: join(folder, imageFileName), label });
    });
  }
  problems.throwIfAny();
  return { examples, absent };
}

/** What is wrong with a row's file; null for a good one. */
async function lookAt(
  folder: string,
  imageFileName: string,
): Promise<{ readonly why: string; readonly isAbsent: boolean } | null> {
  const parts = imageFileName.split(/[/\\]/);
  if (
    parts.includes("..") ||
    imageFileName.startsWith("/") ||
    /^[A-Za-z]:/.test(imageFileName) ||
    imageFileName.includes("\0")
  ) {
    return { why: "the path leaves the images folder", isAbsent: false };
  }
  try {
    const isPicture = (await stat(join(folder, imageFileName))).isFile();
    return isPicture ? null : { why: "not a file", isAbsent: false };
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    return { why: reason(cause), isAbsent };
  }
}

function digest(examples: readonly Example[], classNames: readonly string[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(classNames));
  for (const { imageFileName, label } of examples) hash.update(`\n${label}\t${imageFileName}`);
  return `sha256:${hash.digest("hex")}`;
}
