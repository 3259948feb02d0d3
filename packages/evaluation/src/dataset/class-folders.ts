import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";

/** File endings that count as pictures in a class folder. */
const PICTURE = /\.(jpe?g|jfif|png|gif|webp|bmp|tiff?)$/i;

export interface ClassFolder {
  readonly name: string;
  /** Names of its pictures, sorted, relative to the images folder. */
  readonly imageFileNames: readonly string[];
}

/**
 * Folders of one class each, in the order of their names (as Keras' image_dataset_from_directory numbers them).
 * Hidden folders and files that are no pictures are passed over.
 * @throws DATASET_EMPTY when no folder holds a picture
 */
export async function readClassFolders(images: string): Promise<readonly ClassFolder[]> {
  const entries = await readdir(images, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const found = await Promise.all(
    folders.map(async ({ name }): Promise<ClassFolder> => {
      const pictures = (await picturesBelow(join(images, name))).map((path) =>
        path.slice(images.length).replaceAll("\\", "/").replace(/^\/+/, ""),
      );
      return { name, imageFileNames: pictures.sort(byCodeUnits) };
    }),
  );
  if (!found.some((folder) => folder.imageFileNames.length > 0)) {
    throw new FieldmarkError(
      "DATASET_EMPTY",
      `${images}: no class folders with pictures in them; expected <class>/<file>.jpg, or give --annotations`,
      { images },
    );
  }
  return found.sort((a, b) => byCodeUnits(a.name, b.name));
}

/** Folder by folder, no link followed: from Node 26 on a recursive readdir follows links to folders. */
async function picturesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return await picturesBelow(path);
      return entry.isFile() && PICTURE.test(entry.name) && !entry.name.startsWith(".") ? [path] : [];
    }),
  );
  return found.flat();
}

/** The order of Python's sorted() on names of the Basic Multilingual Plane. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
