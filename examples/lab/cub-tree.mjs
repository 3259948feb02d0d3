// Sample birds as a tree of CUB-200-2011: classes.txt, images.txt, image_class_labels.txt, images/<NNN.Class_Name>/.
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeSampleDataset } from "@fieldmark/samples";

/**
 * Draws the tree into a new folder.
 *
 * @param {string} output replaced when it exists
 * @param {{ perClass: number, seed: number, signal?: AbortSignal, onProgress?: (p: { done: number, total: number }) => void }} options
 * @returns {Promise<{ images: number, classes: readonly string[] }>}
 */
export async function drawCubTree(output, options) {
  const { classes, images } = await writeSampleDataset({ ...options, output, replace: true });
  await rename(join(output, "test"), join(output, "images"));
  await rm(join(output, "manifest"), { recursive: true });
  const files = [];
  for (const name of classes)
    for (const file of (await readdir(join(output, "images", name))).sort()) files.push(`${name}/${file}`);
  const idOf = (className) => Number.parseInt(className, 10);
  const tables = {
    "classes.txt": classes.map((name) => `${idOf(name)} ${name}`),
    "images.txt": files.map((file, index) => `${index + 1} ${file}`),
    "image_class_labels.txt": files.map((file, index) => `${index + 1} ${idOf(file)}`),
  };
  for (const [name, lines] of Object.entries(tables))
    await writeFile(join(output, name), `${lines.join("\n")}\n`);
  return { images, classes };
}
