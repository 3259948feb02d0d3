import { join } from "node:path";
import { Problems } from "./problems.ts";
import { isFile, isFolder, readTextFile } from "./text-file.ts";

/**
 * A CUB-200-2011 tree: images.txt, image_class_labels.txt, classes.txt, train_test_split.txt beside images/.
 * @see Wah et al., "The Caltech-UCSD Birds-200-2011 Dataset", README of the archive
 */
export interface CubTree {
  /** [200] as classes.txt orders them: "001.Black_footed_Albatross", … */
  readonly classNames: readonly string[];
  readonly pictures: readonly CubPicture[];
}

interface CubPicture {
  /** Relative to images/: "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.jpg". */
  readonly imageFileName: string;
  /** 0-based */
  readonly label: number;
  /** By the tree's own split file; null where it has none. */
  readonly split: "train" | "test" | null;
}

const FILES = { images: "images.txt", labels: "image_class_labels.txt", classes: "classes.txt" } as const;
const SPLIT_FILE = "train_test_split.txt";

/** True when `folder` is the root of a CUB-200-2011 tree. */
export async function isCubTree(folder: string): Promise<boolean> {
  const found = await Promise.all(Object.values(FILES).map((name) => isFile(join(folder, name))));
  return found.every(Boolean) && (await isFolder(join(folder, "images")));
}

/** @throws DATASET_INVALID naming the file and the line */
export async function readCubTree(folder: string): Promise<CubTree> {
  const classes = await readPairs(folder, FILES.classes);
  const images = await readPairs(folder, FILES.images);
  const labels = await readPairs(folder, FILES.labels);
  const splits = (await isFile(join(folder, SPLIT_FILE))) ? await readPairs(folder, SPLIT_FILE) : null;

  const classIndex = new Map([...classes.keys()].map((id, index) => [id, index]));
  const problems = new Problems(FILES.labels);
  const pictures: CubPicture[] = [];
  for (const [id, imageFileName] of images) {
    const classId = labels.get(id);
    const label = classId === undefined ? undefined : classIndex.get(classId);
    if (label === undefined) {
      problems.add(
        null,
        `image ${id} (${imageFileName}): class ${classId ?? "missing"}, not one of ${FILES.classes}`,
      );
      continue;
    }
    const split = splits?.get(id);
    pictures.push({
      imageFileName,
      label,
      split: split === undefined ? null : split === "1" ? "train" : "test",
    });
  }
  problems.throwIfAny();
  return { classNames: [...classes.values()], pictures };
}

/** Lines "id value", by id, in the file's order. */
async function readPairs(folder: string, file: string): Promise<ReadonlyMap<string, string>> {
  const problems = new Problems(file);
  const pairs = new Map<string, string>();
  (await readTextFile(join(folder, file))).split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const [, id, value] = /^(\d+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (id === undefined || value === undefined)
      problems.add(index + 1, `"${line}", expected "<id> <value>"`);
    else if (pairs.has(id)) problems.add(index + 1, `id ${id} is there twice`);
    else pairs.set(id, value);
  });
  problems.throwIfAny();
  return pairs;
}
