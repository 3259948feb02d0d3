import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { type CubTree, isCubTree, readCubTree } from "../dataset/cub-tree.ts";
import { Problems } from "../dataset/problems.ts";
import { isFile, isFolder } from "../dataset/text-file.ts";
import { writeWhole } from "../files.ts";
import { throwIfInterrupted } from "../pipeline/predict-all.ts";
import { csvCell } from "../predictions/csv-cell.ts";
import { CUB } from "./cub-dataset.ts";
import { download } from "./download.ts";
import { checkFractions, PARTS, type Part, splitClass } from "./split.ts";

export interface PrepareCubOptions {
  /** A CUB-200-2011 tree, its parent folder, or CUB_200_2011.tgz; null downloads the archive into `downloads`. */
  readonly from: string | null;
  /** Folder that keeps a downloaded archive. */
  readonly downloads: string;
  /** New folder of the prepared dataset. */
  readonly output: string;
  /** CUB class ids; default: the lab's eight. */
  readonly classes?: readonly number[];
  /** Fractions of train, valid and test; default [0.6, 0.2, 0.2]. */
  readonly split?: readonly number[];
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** hex MD5 of the archive; default: the published one. */
  readonly md5?: string;
  /** Where the archive is downloaded from; default: the publisher. */
  readonly url?: string;
  onProgress?(step: "download" | "unpack" | "copy", done: number, total: number): void;
}

export interface PreparedDataset {
  readonly output: string;
  readonly counts: Readonly<Record<Part, number>>;
  /** In order of class_id. */
  readonly classNames: readonly string[];
}

interface Row {
  readonly imageFileName: string;
  readonly origClassId: number;
  /** 1-based */
  readonly classId: number;
  readonly className: string;
  readonly part: Part;
}

/**
 * The lab's preparation step, seeded: some classes of CUB-200-2011, renumbered from 1 in the order of their original
 * ids, each split into train, valid and test; pictures under `<output>/<part>/<class>/`, tables under
 * `<output>/manifest/<part>.csv`. The output appears whole, by one rename.
 * @throws OUTPUT_EXISTS, USAGE (fractions, classes), DATASET_INVALID, FILE_NOT_FOUND, CHECKSUM_MISMATCH, DOWNLOAD_FAILED, INTERRUPTED
 */
export async function prepareCub(options: PrepareCubOptions): Promise<PreparedDataset> {
  const fractions = checkFractions(options.split ?? [0.6, 0.2, 0.2]);
  const classes = [...new Set(options.classes ?? CUB.labClasses)].sort((a, b) => a - b);
  await requireNew(options.output);
  const work = join(dirname(options.output), `.${basename(options.output)}-${randomUUID()}`);
  try {
    const root = await findTree(options, new Set(classes), join(work, "tree"));
    const rows = chooseRows(await readCubTree(root), classes, (names, id) =>
      splitClass(names, fractions, (options.seed ?? 0) * 1000 + id),
    );
    await place(rows, {
      from: join(root, "images"),
      to: join(work, "dataset"),
      move: root.startsWith(work),
      options,
    });
    await mkdir(dirname(options.output), { recursive: true });
    if (await isFolder(options.output)) await rm(options.output, { recursive: true });
    await rename(join(work, "dataset"), options.output);
    return summary(options.output, rows);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function requireNew(output: string): Promise<void> {
  if ((await isFolder(output)) && (await readdir(output)).length > 0) {
    throw new FieldmarkError("OUTPUT_EXISTS", `${output}: the folder is not empty`);
  }
}

/** The root of a tree with the tables and the wanted pictures, unpacked into `folder` when it is in an archive. */
async function findTree(
  options: PrepareCubOptions,
  classes: ReadonlySet<number>,
  folder: string,
): Promise<string> {
  const { from, signal, onProgress } = options;
  if (from !== null && (await isFolder(from))) {
    for (const root of [from, join(from, "CUB_200_2011")]) if (await isCubTree(root)) return root;
    throw new FieldmarkError(
      "FILE_NOT_FOUND",
      `${from}: no CUB-200-2011 tree (images.txt, classes.txt, images/) in it`,
    );
  }
  const archive = from ?? join(options.downloads, CUB.archive);
  const md5 = options.md5 ?? CUB.md5;
  const shared = signal === undefined ? {} : { signal };
  if (from === null) {
    const progress = (done: number, total: number) => onProgress?.("download", done, total);
    await download(archive, { url: options.url ?? CUB.url, md5, onProgress: progress, ...shared });
  }
  if (!(await isFile(archive)))
    throw new FieldmarkError("FILE_NOT_FOUND", `${archive}: no such file or folder`);
  const progress = (done: number, total: number) => onProgress?.("unpack", done, total);
  const { unpackCub } = await import("./unpack-cub.ts");
  await unpackCub(archive, folder, { classes, md5, onProgress: progress, ...shared });
  if (await isCubTree(folder)) return folder;
  throw new FieldmarkError(
    "ARCHIVE_BROKEN",
    `${archive}: no CUB_200_2011 tree with pictures of the chosen classes in it`,
  );
}

function chooseRows(
  tree: CubTree,
  classes: readonly number[],
  split: (names: readonly string[], id: number) => ReadonlyMap<string, Part>,
): readonly Row[] {
  return classes.flatMap((origClassId, index) => {
    const className = tree.classNames[origClassId - 1];
    if (className === undefined) {
      throw new FieldmarkError(
        "USAGE",
        `--classes: ${origClassId} is none of the ids 1 to ${tree.classNames.length}`,
      );
    }
    const names = tree.pictures
      .filter(({ label }) => label === origClassId - 1)
      .map(({ imageFileName }) => imageFileName);
    requireInside(names);
    const parts = split(names, origClassId);
    return names.map((imageFileName) => ({
      imageFileName,
      origClassId,
      classId: index + 1,
      className,
      part: parts.get(imageFileName) ?? "test",
    }));
  });
}

/** Names come from a table and become paths below the output: "<class folder>/<file>" and nothing else. */
function requireInside(names: readonly string[]): void {
  const problems = new Problems("images.txt");
  for (const name of names) {
    if (!/^(?!\.{1,2}\/)[^/\\\0]+\/(?!\.{1,2}$)[^/\\\0]+$/.test(name))
      problems.add(null, `${JSON.stringify(name)}, expected "<class folder>/<file>"`);
  }
  problems.throwIfAny();
}

interface Placement {
  readonly from: string;
  readonly to: string;
  /** True when the pictures were unpacked for this and may be moved instead of copied. */
  readonly move: boolean;
  readonly options: PrepareCubOptions;
}

async function place(rows: readonly Row[], { from, to, move, options }: Placement): Promise<void> {
  for (const [done, { imageFileName, part }] of rows.entries()) {
    throwIfInterrupted(options.signal);
    const target = join(to, part, imageFileName);
    await mkdir(dirname(target), { recursive: true });
    const source = join(from, imageFileName);
    if (!(await isFile(source)))
      throw new FieldmarkError("FILE_NOT_FOUND", `${source}: images.txt names it, but it is not there`);
    if (move) await rename(source, target);
    else await copyFile(source, target, constants.COPYFILE_FICLONE);
    options.onProgress?.("copy", done + 1, rows.length);
  }
  for (const part of PARTS) {
    await mkdir(join(to, part), { recursive: true });
    const lines = rows
      .filter((row) => row.part === part)
      .map(
        (row) =>
          `${csvCell(row.imageFileName)},${row.origClassId},${row.classId},${csvCell(row.className)}\n`,
      );
    await writeWhole(join(to, "manifest", `${part}.csv`), [
      "image_file_name,orig_class_id,class_id,class_name\n",
      lines.join(""),
    ]);
  }
}

function summary(output: string, rows: readonly Row[]): PreparedDataset {
  const count = (part: Part) => rows.filter((row) => row.part === part).length;
  return {
    output,
    counts: { train: count("train"), valid: count("valid"), test: count("test") },
    classNames: [...new Set(rows.map((row) => row.className))],
  };
}
