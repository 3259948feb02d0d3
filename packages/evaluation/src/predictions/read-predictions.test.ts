import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failure } from "./made-predictions.test.support.ts";
import { readPredictions } from "./read-predictions.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-read-predictions-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const HEADER = "image_file_name,label,p0,p1";

async function csv(lines: readonly string[], header = HEADER): Promise<string> {
  return await put("predictions.csv", `${[header, ...lines].join("\n")}\n`);
}

async function refusal(lines: readonly string[], header = HEADER): Promise<string> {
  const error = await failure(readPredictions(await csv(lines, header)));
  expect(error.code).toBe("PREDICTIONS_INVALID");
  return error.message;
}

test("another tool's CSV: columns in any order, others passed over, no digests, no times", async () => {
  const path = await csv(["0.25,x,1,b/1.png,0.75", "1,y,0,a.png,0"], "p0,note,label,file,p1");
  const { predictions, classNameSource } = await readPredictions(path);
  expect(predictions.imageFileNames).toEqual(["b/1.png", "a.png"]);
  expect([...predictions.labels]).toEqual([1, 0]);
  expect([...predictions.predicted]).toEqual([1, 0]);
  expect(predictions.sha256).toEqual(["", ""]);
  expect([...predictions.milliseconds]).toEqual([Number.NaN, Number.NaN]);
  expect(predictions.classNames).toEqual(["class_0", "class_1"]);
  expect(classNameSource).toBe("index");
});

test("as pandas writes them: CRLF, a byte-order mark, floats for labels, exponents", async () => {
  const path = await put("theirs.csv", `\uFEFF${HEADER}\r\na.jpg,1.0,1e-07,9.999999e-01\r\n`);
  const { predictions } = await readPredictions(path);
  expect([...predictions.labels]).toEqual([1]);
  expect([...predictions.probabilities.data]).toEqual([Math.fround(1e-7), Math.fround(0.9999999)]);
});

test("labels from elsewhere replace the file's, and do for a file that has none", async () => {
  const labels = () => new Map([["a.jpg", 1]]);
  const both = await csv(["a.jpg,0,0.5,0.5", "b.jpg,0,0.5,0.5"]);
  expect([...(await readPredictions(both, { labels })).predictions.labels]).toEqual([1, 0]);
  const none = await csv(["a.jpg,0.5,0.5"], "image_file_name,p0,p1");
  expect([...(await readPredictions(none, { labels })).predictions.labels]).toEqual([1]);
  const message = (await failure(readPredictions(none))).message;
  expect(message).toContain("row 2: label is missing, expected an integer from 0 to 1");
});

test("every bad row is named with its line and its column", async () => {
  const message = await refusal([
    '"two\nlines.jpg",2,0.5,0.5',
    "b.jpg,0,nan,0.5",
    "c.jpg,0,0.5,1.5",
    "d.jpg,-1,0.5,0.5",
    ",0,0.5,0.5",
    "e.jpg,0,0x1,0",
    "e.jpg,,0.5,0.5",
    "f.jpg,0,-0.1,0.5",
    "g.jpg,0,Infinity,0",
  ]);
  expect(message.split("\n  ")).toEqual([
    "predictions.csv: 10 problems",
    'row 4: p0 is "nan", expected a probability from 0 to 1',
    'row 5: p1 is "1.5", expected a probability from 0 to 1',
    'row 7: the file name is "", expected a text',
    'row 8: p0 is "0x1", expected a probability from 0 to 1',
    'row 10: p0 is "-0.1", expected a probability from 0 to 1',
    'row 11: p0 is "Infinity", expected a probability from 0 to 1',
    'row 3: label is "2", expected an integer from 0 to 1',
    'row 6: label is "-1", expected an integer from 0 to 1',
    'row 9: label is "", expected an integer from 0 to 1',
    "row 9: e.jpg is doubled: row 8 names it already",
  ]);
});

test("a digest that is none, a row of zeros, rows of unequal length, an open quote", async () => {
  expect(await refusal(["a,xyz,0,1,0"], "file,sha256,label,p0,p1")).toContain('row 2: sha256 is "xyz"');
  expect(await refusal(["a,0,0,0"])).toContain("all probabilities are 0");
  expect(await refusal(["a,0,1"])).toContain("line 2");
  expect(await refusal(['"a,0,1,0'])).toContain("Quote");
});

test("an empty file, one class, no file names and a doubled column are refused; a header alone has no rows", async () => {
  expect((await failure(readPredictions(await put("empty.csv", "")))).message).toContain("the file is empty");
  expect(await refusal([], "image_file_name,label,p0")).toContain("no probability columns p0, p1, …");
  expect(await refusal([], "name,label,p0,p1")).toContain("no column image_file_name");
  expect(await refusal([], `${HEADER},p1`)).toContain('the column "p1" is there twice');
  const { predictions } = await readPredictions(await csv([]));
  expect(predictions.labels).toHaveLength(0);
});

test("columns named __proto__ or constructor are columns like others", async () => {
  const path = await csv(["a.jpg,0,1,0,x,y"], `${HEADER},__proto__,constructor`);
  expect((await readPredictions(path)).predictions.imageFileNames).toEqual(["a.jpg"]);
  expect(({} as { x?: string }).x).toBeUndefined();
});

test("20,000 probability columns are read; a gap in their numbers ends them", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `p${index}`);
  const path = await csv([`a.jpg,0,${many.map(() => "0.00005").join(",")}`], `file,label,${many.join(",")}`);
  expect((await readPredictions(path)).predictions.probabilities.columns).toBe(20_000);
  const gap = await csv(["a.jpg,0,0.5,0.5,7"], `${HEADER},p3`);
  expect((await readPredictions(gap)).predictions.probabilities.columns).toBe(2);
});

test("a number of class names that is not the number of columns is refused", async () => {
  const path = await csv(["a.jpg,0,1,0"]);
  for (const classNames of [["a"], ["a", "b", "c"], ["a", "a"]])
    expect((await failure(readPredictions(path, { classNames }))).code).toBe("CLASSES_MISMATCH");
});

test("a folder means its predictions.parquet, else its predictions.csv", async () => {
  expect((await failure(readPredictions(folder))).message).toContain("holds neither predictions.parquet nor");
  await csv(["a.jpg,0,1,0"]);
  expect((await readPredictions(folder)).predictions.imageFileNames).toEqual(["a.jpg"]);
  await put("predictions.parquet", theirs({ label: [0] }));
  expect((await readPredictions(folder)).predictions.imageFileNames).toEqual(["b.jpg"]);
  expect((await failure(readPredictions(join(folder, "gone.csv")))).code).toBe("FILE_NOT_FOUND");
});

type Cells = number[] | bigint[] | (number | null)[] | string[];

/** Parquet as another tool may write it. */
function theirs(changes: Record<string, Cells>): Uint8Array {
  const columns: Record<string, Cells> = { image: ["b.jpg"], p0: [0.25], p1: [0.75], ...changes };
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

test("another tool's Parquet: 64-bit labels and double probabilities", async () => {
  const path = await put("theirs.parquet", theirs({ label: [1n] }));
  const { predictions } = await readPredictions(path);
  expect([...predictions.labels]).toEqual([1]);
  expect([...predictions.probabilities.data]).toEqual([0.25, 0.75]);
});

test.each<[string, Record<string, Cells>]>([
  ["label is missing", { label: [null] }],
  ['label is "x"', { label: ["x"] }],
  ["p0 is missing", { label: [0], p0: [null] }],
  ["p0 is 7", { label: [0], p0: [7] }],
  ["the file name is 5", { label: [0], image: [5] }],
])("Parquet: %s", async (expected, changes) => {
  const path = await put("bad.parquet", theirs(changes));
  const error = await failure(readPredictions(path));
  expect(error.code).toBe("PREDICTIONS_INVALID");
  expect(error.message).toContain(`row 1: ${expected}`);
});

test("what is no Parquet, or a cut one, is named", async () => {
  for (const bytes of [
    Buffer.from("no parquet at all"),
    Buffer.alloc(0),
    theirs({ label: [0] }).slice(0, 200),
  ]) {
    const error = await failure(readPredictions(await put("cut.parquet", bytes)));
    expect(error.code).toBe("PREDICTIONS_INVALID");
    expect(error.message).toContain("cut.parquet: not a Parquet file that can be read");
  }
  await mkdir(join(folder, "folder.parquet"));
  expect((await failure(readPredictions(join(folder, "folder.parquet")))).code).toBe("FILE_NOT_FOUND");
});

test("class names come from the measures.json of the evaluation beside a CSV; a broken one is told of", async () => {
  const path = await csv(["a.jpg,0,1,0"]);
  const measures = {
    schemaVersion: 1,
    perClass: [{ name: "Häher" }, { name: "Fink" }],
    failures: [],
    recipeCheck: null,
    provenance: { model: null, preprocessing: null },
  };
  await put("measures.json", JSON.stringify(measures));
  const { predictions, classNameSource } = await readPredictions(path);
  expect(predictions.classNames).toEqual(["Häher", "Fink"]);
  expect(classNameSource).toBe("measures.json");

  await put("measures.json", JSON.stringify({ ...measures, provenance: { model: { path: 5 } } }));
  const error = await failure(readPredictions(path));
  expect(error.code).toBe("JSON_INVALID");
  expect(error.message).toContain("provenance.model.output is not a value");
  await put("measures.json", "{");
  expect((await failure(readPredictions(path))).code).toBe("JSON_INVALID");
  await put("measures.json", '{"of": "another tool"}');
  expect((await readPredictions(path)).classNameSource).toBe("index");
});
