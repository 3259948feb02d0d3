// Counts the pictures of each class in a processing job: input "pictures" (folders named by class), output "counts".
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { readContainer } from "@fieldmark/sdk/container";

const PICTURES = new Set([".jpg", ".jpeg", ".png"]);

async function count(folder) {
  const classes = {};
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile() || !PICTURES.has(extname(file.name).toLowerCase())) continue;
    const name = basename(file.parentPath);
    classes[name] ??= { pictures: 0, bytes: 0 };
    classes[name].pictures += 1;
    classes[name].bytes += (await stat(join(file.parentPath, file.name))).size;
  }
  return Object.fromEntries(Object.entries(classes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const { values } = parseArgs({ options: { minimum: { type: "string", default: "1" } } });
const minimum = Number(values.minimum);
const job = await readContainer(process.env);
const [pictures, counts] = [job.input("pictures"), job.output("counts")];

const classes = await count(pictures.path);
for (const [name, { pictures, bytes }] of Object.entries(classes))
  console.log(`${name}: ${pictures} pictures, ${bytes} bytes`);
const total = Object.values(classes).reduce((sum, { pictures }) => sum + pictures, 0);
// One file an instance: with several, each has its share of the pictures.
await mkdir(counts.path, { recursive: true });
await writeFile(
  join(counts.path, `${job.currentHost}.json`),
  `${JSON.stringify({ total, classes }, null, 2)}\n`,
);

const few = Object.keys(classes).filter((name) => classes[name].pictures < minimum);
const missing = few.length === 0 ? "" : `; fewer than ${minimum} of ${few.join(", ")}`;
await job.writeExitMessage(`${total} pictures of ${Object.keys(classes).length} classes${missing}`);
process.exitCode = few.length > 0 || total === 0 ? 1 : 0;
