import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "../decode/decode-image.ts";
import { goldenPicture } from "../resize/golden-picture.ts";
import { fitPicture } from "./fit-picture.ts";
import { preprocessFiles } from "./preprocess-files.ts";
import { pixelsToTensor, preprocessImage } from "./preprocess-image.ts";
import { preprocessing } from "./recipes.ts";
import { scalePixels } from "./scale-pixels.ts";

const size = { height: 16, width: 24 };
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-preprocess-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function jpeg(width: number, height: number, seed: number): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  return sharp(goldenPicture(width, height, seed).data, { raw })
    .jpeg()
    .toBuffer();
}

test("a file becomes what its pixels become, step by step", async () => {
  const bytes = await jpeg(61, 47, 2);
  const recipe = preprocessing("resnet", size);
  const { pixels, width, height, warnings } = await preprocessImage(bytes, recipe, { file: "a.jpg" });
  const image = await decodeImage(bytes, { file: "a.jpg" });
  expect({ width, height, warnings }).toEqual({ width: 61, height: 47, warnings: [] });
  expect(pixels).toEqual(pixelsToTensor(image, recipe));
  expect(pixels).toEqual(scalePixels(fitPicture(image, recipe).data, recipe));
  expect(new Set(pixels).size).toBeGreaterThan(50);
});

test("the result is written into the row of a batch that is given", async () => {
  const bytes = await jpeg(61, 47, 2);
  const recipe = preprocessing("raw", size);
  const batch = new Float32Array(2 * 16 * 24 * 3).fill(-1);
  const out = batch.subarray(16 * 24 * 3);
  const { pixels } = await preprocessImage(bytes, recipe, { file: "a.jpg", out });
  expect(pixels).toBe(out);
  expect(batch[0]).toBe(-1);
  expect(out).toEqual((await preprocessImage(bytes, recipe, { file: "a.jpg" })).pixels);
  await expect(preprocessImage(bytes, recipe, { file: "a.jpg", out: batch })).rejects.toThrow(
    "a.jpg: the output array holds 2304 values, expected 1152 (16 × 24 × 3)",
  );
});

test("a picture too long to resize is refused by the file's name", async () => {
  const row = { width: 3_000_000, height: 1, channels: 3, background: "red" } as const;
  const bytes = await sharp({ create: row }).png().toBuffer();
  await expect(
    preprocessImage(bytes, preprocessing("raw", size), { file: "long.png" }),
  ).rejects.toMatchObject({
    code: "IMAGE_TOO_LARGE",
    message: expect.stringContaining("long.png: resizing a side of 3000000 pixels to 24"),
  });
});

test("the EXIF orientation is applied when the recipe says so", async () => {
  const turned = await sharp(await jpeg(40, 20, 2))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const as = async (exifOrientation: "ignore" | "transpose") => {
    const { width, height } = await preprocessImage(turned, preprocessing("raw", size, { exifOrientation }), {
      file: "a.jpg",
    });
    return [width, height];
  };
  expect(await as("ignore")).toEqual([40, 20]);
  expect(await as("transpose")).toEqual([20, 40]);
});

test("files come in the order of their names, however many are in flight", async () => {
  const paths = await Promise.all(
    Array.from({ length: 9 }, async (_, index) => {
      const path = join(folder, `${index}.jpg`);
      // The first are the largest, so that the later ones are done before them.
      await writeFile(path, await jpeg(900 - index * 100, 50, index));
      return path;
    }),
  );
  const recipe = preprocessing("unit", size);
  for (const concurrency of [1, 4, 20]) {
    const seen = [];
    for await (const file of preprocessFiles(paths, recipe, { concurrency }))
      seen.push([file.path, file.width]);
    expect(seen).toEqual(paths.map((path, index) => [path, 900 - index * 100]));
  }
});

test("the first file in order that fails ends the walk, with its name", async () => {
  const good = join(folder, "good.jpg");
  await writeFile(good, await jpeg(30, 30, 1));
  const broken = join(folder, "broken.jpg");
  await writeFile(broken, "not a picture");
  const walk = async (paths: string[]) => {
    const seen = [];
    for await (const { path } of preprocessFiles(paths, preprocessing("raw", size))) seen.push(path);
    return seen;
  };
  await expect(walk([good, join(folder, "none.jpg"), broken])).rejects.toMatchObject({
    code: "FILE_NOT_FOUND",
  });
  await expect(walk([good, broken, join(folder, "none.jpg")])).rejects.toMatchObject({
    code: "IMAGE_UNSUPPORTED",
    message: expect.stringContaining(broken),
  });
  await expect(walk([folder])).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
});

test("an aborted walk ends with the signal's reason", async () => {
  const path = join(folder, "one.jpg");
  await writeFile(path, await jpeg(30, 30, 1));
  const aborting = new AbortController();
  const walk = preprocessFiles([path, path, path], preprocessing("raw", size), { signal: aborting.signal });
  expect((await walk.next()).done).toBe(false);
  aborting.abort(new Error("enough"));
  await expect(walk.next()).rejects.toThrow("enough");
});
