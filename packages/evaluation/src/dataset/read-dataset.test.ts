import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Dataset, DatasetOptions } from "./dataset.ts";
import { readDataset } from "./read-dataset.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-dataset-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, text = "x"): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function pictures(...names: string[]): Promise<string> {
  for (const name of names) await put(`test/${name}`);
  return join(folder, "test");
}

const HEADER = "image_file_name,orig_class_id,class_id,class_name";

async function lab(rows: string[], options: Partial<DatasetOptions> = {}, count = 2): Promise<Dataset> {
  const annotations = await put("manifest/test.csv", `${[HEADER, ...rows].join("\n")}\n`);
  return await readDataset({ images: join(folder, "test"), annotations, ...options }, { count, names: null });
}

async function failure(promise: Promise<unknown>): Promise<FieldmarkError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FieldmarkError)) throw new Error(`expected a FieldmarkError, got ${String(error)}`);
  return error;
}

test("the lab's layout: class_id counts from 1, class_name is free text", async () => {
  await pictures("a/1.jpg", "b/2.jpg");
  const { examples, classNames, classNameSource } = await lab([
    "b/2.jpg,35,2,Finch (purple)",
    "a/1.jpg,13,1,Bobolink",
  ]);
  expect(examples.map(({ imageFileName, label }) => [imageFileName, label])).toEqual([
    ["b/2.jpg", 1],
    ["a/1.jpg", 0],
  ]);
  expect(classNames).toEqual(["Bobolink", "Finch (purple)"]);
  expect(classNameSource).toBe("annotations");
});

test("a class absent from the annotations keeps its place and is named by its index", async () => {
  await pictures("a.jpg");
  const { classNames } = await lab(["a.jpg,1,3,Third"], {}, 4);
  expect(classNames).toEqual(["class_0", "class_1", "Third", "class_3"]);
});

test("the annotations beside the images are found without a flag", async () => {
  const images = await pictures("a.jpg");
  await put("manifest/test.csv", `${HEADER}\na.jpg,1,1,A\n`);
  const dataset = await readDataset({ images }, { count: 2, names: null });
  expect(dataset.examples).toHaveLength(1);
  expect(dataset.source).toBe("test.csv, 1 picture");
});

test("everything that is wrong with the rows is told together, with the file and the row numbers", async () => {
  await pictures("a.jpg", "b.jpg");
  const error = await failure(
    lab(["a.jpg,1,1,A", "gone.jpg,1,2,B", "a.jpg,1,1,A", "b.jpg,1,7,G", "../test/a.jpg,1,1,A"]),
  );
  expect(error.code).toBe("DATASET_INVALID");
  expect(error.message).toContain("test.csv: 4 problems");
  expect(error.message).toContain("row 3: gone.jpg: there is no such file or folder");
  expect(error.message).toContain("row 4: a.jpg is doubled: row 2 names it already");
  expect(error.message).toContain("row 5: class 7 is out of range: the model has 2 classes");
  expect(error.message).toContain("row 6: ../test/a.jpg: the path leaves the images folder");
});

test("rows that cannot be read are told by column and value", async () => {
  await pictures("a.jpg");
  const error = await failure(lab(["a.jpg,1,zero,A", ",1,1,A", "a.jpg,1,0,A", "a.jpg,1,1,"]));
  expect(error.message).toContain('row 2: column "class_id" is "zero", expected an integer ≥ 1');
  expect(error.message).toContain('row 3: column "image_file_name" is empty');
  expect(error.message).toContain('row 4: column "class_id" is "0", expected an integer ≥ 1');
  expect(error.message).toContain('row 5: column "class_name" is empty');
});

test("two names for one class, and one name for two classes, are refused", async () => {
  await pictures("a.jpg", "b.jpg", "c.jpg");
  const error = await failure(lab(["a.jpg,1,1,A", "b.jpg,1,1,B", "c.jpg,1,2,A"]));
  expect(error.message).toContain('row 3: class 1 is named "B" here and "A" above');
  expect(error.message).toContain('row 4: "A" names class 2 here and class 1 above');
});

test("rows of unequal length, an empty file and a header alone are input errors", async () => {
  await pictures("a.jpg");
  expect((await failure(lab(["a.jpg,1,1"]))).code).toBe("DATASET_INVALID");
  expect((await failure(lab([]))).code).toBe("DATASET_EMPTY");
  const annotations = await put("empty.csv", "");
  const images = join(folder, "test");
  expect((await failure(readDataset({ images, annotations }, { count: 2, names: null }))).code).toBe(
    "DATASET_EMPTY",
  );
});

test("a column that is not there is named with the header and the flag", async () => {
  const images = await pictures("a.jpg");
  const annotations = await put("other.csv", "picture,species\na.jpg,A\n");
  const error = await failure(readDataset({ images, annotations }, { count: 2, names: null }));
  expect(error.message).toContain("the header has: picture, species");
  expect(error.message).toContain("--image-column");
});

test("other columns and labels as names, with the names from a labels file", async () => {
  const images = await pictures("a.jpg", "b.jpg");
  const annotations = await put("other.csv", "picture,species\na.jpg,Beta\nb.jpg,Alpha\n");
  const labels = await put("labels.txt", "Alpha\nBeta\n");
  const options = { images, annotations, labels, imageColumn: "picture", labelColumn: "species" } as const;
  const { examples, classNames, classNameSource } = await readDataset(options, { count: 2, names: null });
  expect(examples.map((example) => example.label)).toEqual([1, 0]);
  expect(classNames).toEqual(["Alpha", "Beta"]);
  expect(classNameSource).toBe("labels file");
  await put("other.csv", "picture,species\na.jpg,Gamma\n");
  const error = await failure(readDataset(options, { count: 2, names: null }));
  expect(error.message).toContain('row 2: unknown class "Gamma"');
});

test("zero-based labels by flag", async () => {
  const images = await pictures("a.jpg");
  const annotations = await put("zero.csv", "image_file_name,y\na.jpg,1\n");
  const options = { images, annotations, labelColumn: "y", labelForm: "zero-based" } as const;
  expect((await readDataset(options, { count: 2, names: null })).examples[0]?.label).toBe(1);
});

test("a labels file of another length, with doubled names, or broken JSON is refused", async () => {
  const images = await pictures("A/a.jpg");
  const read = async (name: string, text: string) =>
    await failure(readDataset({ images, labels: await put(name, text) }, { count: 2, names: null }));
  expect((await read("l.txt", "A\n")).message).toContain("names 1 classes, but the model's output has 2");
  expect((await read("l.txt", "A\nA\n")).message).toContain('classes 0 and 1 are both "A"');
  expect((await read("l.json", '["A", ')).code).toBe("JSON_INVALID");
  expect((await read("l.json", '{"0": "A", "__proto__": "B"}')).code).toBe("JSON_INVALID");
});

test("class folders are numbered in the order of their names", async () => {
  const images = await pictures("b/1.jpg", "a/2.JPEG", "a/notes.txt", ".hidden/3.jpg");
  const { examples, classNames, classNameSource } = await readDataset({ images }, { count: 2, names: null });
  expect(classNames).toEqual(["a", "b"]);
  expect(classNameSource).toBe("folders");
  expect(examples.map(({ imageFileName, label }) => `${imageFileName}=${label}`)).toEqual([
    "a/2.JPEG=0",
    "b/1.jpg=1",
  ]);
});

test("a class folder's own folders are read, links to folders are not followed", async () => {
  const images = await pictures("a/1.jpg", "a/more/2.jpg", "b/3.jpg");
  await symlink("..", join(images, "a/up"));
  const { examples } = await readDataset({ images }, { count: 2, names: null });
  expect(examples.map(({ imageFileName }) => imageFileName)).toEqual(["a/1.jpg", "a/more/2.jpg", "b/3.jpg"]);
});

test("more classes in the model than folders need names; a folder the names lack is refused", async () => {
  const images = await pictures("a/1.jpg", "b/2.jpg");
  const error = await failure(readDataset({ images }, { count: 3, names: null }));
  expect(error.message).toContain("2 class folders, but the model's output has 3 classes");
  const other = await failure(readDataset({ images }, { count: 2, names: ["a", "c"] }));
  expect(other.message).toContain('folder "b" is not one of the class names');
});

test("a CUB-200-2011 tree is read with its own split", async () => {
  await put("classes.txt", "1 001.A\n2 002.B\n");
  await put("images.txt", "1 001.A/x.jpg\n2 002.B/y.jpg\n3 002.B/z.jpg\n");
  await put("image_class_labels.txt", "1 1\n2 2\n3 2\n");
  await put("train_test_split.txt", "1 1\n2 0\n3 0\n");
  for (const name of ["001.A/x.jpg", "002.B/y.jpg", "002.B/z.jpg"]) await put(`images/${name}`);
  const model = { count: 2, names: null };
  const names = async (split: "test" | "all") =>
    (await readDataset({ images: folder, split }, model)).examples.map(({ imageFileName }) => imageFileName);
  expect(await names("test")).toEqual(["002.B/y.jpg", "002.B/z.jpg"]);
  expect(await names("all")).toHaveLength(3);
  const subset = await readDataset({ images: folder, split: "all" }, { count: 1, names: ["002.B"] });
  expect(subset.examples.map(({ label }) => label)).toEqual([0, 0]);
  expect(subset.notes).toEqual(["left out, of classes that the model does not know: 1 picture"]);
});

test("the digest follows names, labels and class names", async () => {
  await pictures("a.jpg", "b.jpg");
  const one = await lab(["a.jpg,1,1,A", "b.jpg,1,2,B"]);
  const same = await lab(["a.jpg,9,1,A", "b.jpg,9,2,B"]);
  const relabelled = await lab(["a.jpg,1,1,A", "b.jpg,1,1,A"]);
  expect(same.annotationsDigest).toBe(one.annotationsDigest);
  expect(relabelled.annotationsDigest).not.toBe(one.annotationsDigest);
});

test("a folder that is not there is told by name", async () => {
  expect(
    (await failure(readDataset({ images: join(folder, "nowhere") }, { count: 2, names: null }))).message,
  ).toContain("nowhere: no such folder of images");
});
