import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preprocessFiles, preprocessing } from "@fieldmark/imaging";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runWords } from "./run-words.test-support.ts";

let cwd = "";
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-cli-preprocess-"));
  cwd = folder;
  for (const name of ["b.bmp", "a.bmp"])
    await writeFile(join(folder, name), bitmap(name === "a.bmp" ? 9 : 200));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A picture of 4 × 2 pixels, 24 bits, whose values rise from `start`. */
function bitmap(start: number): Buffer {
  const file = Buffer.alloc(54 + 24);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(4, 18);
  file.writeInt32LE(2, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let index = 0; index < 24; index++) file[54 + index] = start + index;
  return file;
}

const fieldmark = (...words: string[]) => runWords(words, { cwd, env: {} });

async function expected(recipe: ReturnType<typeof preprocessing>, ...names: string[]): Promise<Buffer> {
  const rows = [];
  for await (const { pixels } of preprocessFiles(
    names.map((name) => join(folder, name)),
    recipe,
  )) {
    rows.push(Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength));
  }
  return Buffer.concat(rows);
}

/** The header's text and the bytes after it. */
async function npy(name: string): Promise<{ header: string; data: Buffer }> {
  const file = await readFile(join(folder, name));
  expect(file.subarray(0, 8).toString("latin1")).toBe("\x93NUMPY\x01\x00");
  const start = 10 + file.readUInt16LE(8);
  return { header: file.subarray(10, start).toString("latin1").trimEnd(), data: file.subarray(start) };
}

test("pictures are written in the order of the arguments, 224 × 224 without --size", async () => {
  const { code, stdout, stderr } = await fieldmark(
    ..."preprocess --recipe resnet b.bmp a.bmp --out X.npy".split(" "),
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "X.npy: float32 [2, 224, 224, 3]\n" });
  expect(stderr).toContain(
    "resnet: Pillow RGB, bicubic stretch to 224 × 224, x − [103.939, 116.779, 123.68], BGR",
  );
  const { header, data } = await npy("X.npy");
  expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 224, 224, 3), }");
  const recipe = preprocessing("resnet", { height: 224, width: 224 });
  expect(data.equals(await expected(recipe, "b.bmp", "a.bmp"))).toBe(true);
});

test("flags replace the steps of a recipe, and the file is replaced as a whole", async () => {
  await writeFile(join(folder, "X.npy"), "old");
  const flags =
    "--size 5x7 --filter tf-bilinear --fit center-crop --shorter-side 9 --exif-transpose --json --quiet";
  const { code, stdout, stderr } = await fieldmark(
    ..."preprocess a.bmp --out X.npy".split(" "),
    ...flags.split(" "),
  );
  const recipe = preprocessing(
    "mobilenet_v2",
    { height: 5, width: 7 },
    { resize: { filter: "tf-bilinear", fit: "center-crop", shorterSide: 9 }, exifOrientation: "transpose" },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    out: join(folder, "X.npy"),
    shape: [1, 5, 7, 3],
    preprocessing: recipe,
    warnings: [],
  });
  expect((await npy("X.npy")).data.equals(await expected(recipe, "a.bmp"))).toBe(true);
});

test("a recipe file is read, and --size goes before its size", async () => {
  await writeFile(join(folder, "p.json"), '{"name": "unit", "size": {"height": 3, "width": 2}}');
  expect(await fieldmark(..."preprocess --recipe-file p.json a.bmp --out X.npy".split(" "))).toMatchObject({
    stdout: "X.npy: float32 [1, 3, 2, 3]\n",
  });
  expect(
    await fieldmark(..."preprocess --recipe-file p.json --size 4 a.bmp --out X.npy".split(" ")),
  ).toMatchObject({
    stdout: "X.npy: float32 [1, 4, 4, 3]\n",
  });
});

test("a recipe whose decoder is TensorFlow's own says that it is not reproduced", async () => {
  const { stderr } = await fieldmark(..."preprocess --filter tf-bicubic a.bmp --out X.npy".split(" "));
  expect(stderr).toContain("TensorFlow's own JPEG decoder");
});

test.each([
  ["preprocess a.bmp", 2, /required option '--out <file>'/],
  ["preprocess --out X.npy", 2, /missing required argument 'image'/],
  ["preprocess --recipe mobilenet_v9 a.bmp --out X.npy", 2, /Allowed choices are mobilenet, mobilenet_v2/],
  ["preprocess --size 0 a.bmp --out X.npy", 2, /Expected N or HxW/],
  ["preprocess --size 5x9000 a.bmp --out X.npy", 2, /Expected N or HxW/],
  ["preprocess --recipe raw --recipe-file p.json a.bmp --out X.npy", 2, /cannot be used with/],
  ["preprocess a.bmp --out ./a.bmp", 2, /is one of the pictures/],
  ["preprocess --shorter-side 300 a.bmp --out X.npy", 1, /shorterSide is given with fit "stretch"/],
  ["preprocess --recipe-file none.json a.bmp --out X.npy", 1, /none.json: ENOENT/],
  ["preprocess --recipe-file a.bmp a.bmp --out X.npy", 1, /a.bmp: .*JSON/],
  ["preprocess a.bmp none.png --out X.npy", 1, /none.png: there is no such file/],
  ["preprocess a.bmp --out nowhere/X.npy", 1, /nowhere\/X.npy: cannot be written/],
])("%s ends with code %i and leaves nothing behind", async (words, code, message) => {
  const ended = await fieldmark(...words.split(" "));
  expect(ended.code).toBe(code);
  expect(ended.stderr).toMatch(message);
  expect((await readdir(folder)).sort()).toEqual(["a.bmp", "b.bmp"]);
});
