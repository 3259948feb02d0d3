import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describePreprocessing, formulaOf, summarisePreprocessing } from "./describe-preprocessing.ts";
import {
  alternativeRecipes,
  overridePreprocessing,
  preprocessing,
  RECIPE_NAMES,
  RECIPES,
  type RecipeName,
} from "./recipes.ts";
import { scalePixels } from "./scale-pixels.ts";

const size = { height: 224, width: 224 };

const golden: {
  recipes: Record<string, string>;
  outputs: Record<string, { bytes: string; fractions: string }>;
} = JSON.parse(readFileSync(new URL("../../golden/preprocessing/recipes.json", import.meta.url), "utf8"));

/** The pictures of golden/preprocessing/make_recipes.py. */
const bytes = Uint8Array.from({ length: 768 }, (_, index) => Math.floor(index / 3) + (index % 3) * 85);
const fractions = Float32Array.from(bytes, (value) => {
  const { fround } = Math;
  return fround(fround(value * fround(1.0371)) - fround(5.3));
});

/** Recipes that Keras does not name. */
const NOT_KERAS = ["inception", "imagenet_torch", "raw", "unit"];

test("every recipe has a golden vector, or is known to have none", () => {
  expect([...Object.keys(golden.recipes), ...NOT_KERAS].sort()).toEqual([...RECIPE_NAMES].sort());
});

test.each(Object.keys(golden.recipes))("%s equals Keras' preprocess_input bit for bit", (name) => {
  const recipe = preprocessing(name, size);
  const expected = golden.outputs[golden.recipes[name] ?? ""];
  expect(base64(scalePixels(bytes, recipe))).toBe(expected?.bytes);
  expect(base64(scalePixels(Float32Array.from(bytes), recipe))).toBe(expected?.bytes);
  expect(base64(scalePixels(fractions, recipe))).toBe(expected?.fractions);
});

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

test("the recipes that Keras does not name do what their formula says", () => {
  const pixels = Uint8Array.of(255, 128, 0);
  const { fround } = Math;
  expect([...scalePixels(pixels, RECIPES.raw)]).toEqual([255, 128, 0]);
  expect([...scalePixels(pixels, RECIPES.unit)]).toEqual([1, fround(128 / 255), 0]);
  expect(scalePixels(pixels, RECIPES.imagenet_torch)).toEqual(scalePixels(pixels, RECIPES.densenet));
  expect(scalePixels(pixels, RECIPES.inception)).toEqual(scalePixels(pixels, RECIPES.inception_v3));
});

test("pixels of another length than the output's are refused", () => {
  expect(() => scalePixels(bytes, RECIPES.raw, new Float32Array(3))).toThrow(/768 pixel values/);
  expect(() => scalePixels(bytes.subarray(0, 4), RECIPES.raw)).toThrow(/multiples of 3/);
});

test("alternatives are one recipe of each other arithmetic", () => {
  expect(alternativeRecipes(RECIPES.xception)).toEqual(["resnet", "imagenet_torch", "raw", "unit"]);
  expect(alternativeRecipes(RECIPES.densenet)).toEqual(["mobilenet_v2", "resnet", "raw", "unit"]);
  expect(alternativeRecipes({ ...RECIPES.raw, channels: "bgr" })).toHaveLength(5);
});

test("a named recipe is Pillow's RGB, stretched bicubically, unless overrides say otherwise", () => {
  expect(preprocessing("vgg16", { height: 64, width: 96 })).toEqual({
    name: "vgg16",
    decode: "pillow-rgb",
    exifOrientation: "ignore",
    resize: { filter: "bicubic", fit: "stretch" },
    size: { height: 64, width: 96 },
    channels: "bgr",
    scaling: { kind: "caffe", mean: [103.939, 116.779, 123.68] },
  });
  const overridden = overridePreprocessing(preprocessing("raw", size), {
    resize: { fit: "center-crop", shorterSide: 256 },
    exifOrientation: "transpose",
  });
  expect(overridden.resize).toEqual({ filter: "bicubic", fit: "center-crop", shorterSide: 256 });
  expect(overridden.exifOrientation).toBe("transpose");
});

test.each([
  ["mobilenet_v9", {}, size, /recipe is "mobilenet_v9", expected one of mobilenet, mobilenet_v2/],
  ["__proto__", {}, size, /recipe is "__proto__"/],
  ["raw", {}, { height: 0, width: 5 }, /size.height is 0, expected an integer from 1 to 8192/],
  ["raw", {}, { height: 5, width: Number.NaN }, /size.width is NaN/],
  ["raw", { resize: { filter: "cubic" as "bicubic" } }, size, /filter is "cubic", expected one of nearest/],
  ["raw", { resize: { fit: "crop" as "stretch" } }, size, /fit is "crop", expected one of stretch/],
  ["raw", { resize: { shorterSide: 256 } }, size, /shorterSide is given with fit "stretch"/],
  [
    "raw",
    { resize: { fit: "center-crop", shorterSide: 223 } },
    size,
    /shorterSide is 223, expected .* from 224/,
  ],
] as const)("%s with %j is refused", (name, overrides, inputSize, message) => {
  expect(() => preprocessing(name, inputSize, overrides)).toThrow(message);
});

test("a recipe reads as one line, and says what is not reproduced", () => {
  const plain = preprocessing("mobilenet_v2", size);
  expect(summarisePreprocessing(plain)).toBe(
    "mobilenet_v2: Pillow RGB, bicubic stretch to 224 × 224, x / 127.5 − 1, RGB",
  );
  expect(describePreprocessing(plain)).toEqual([]);
  const other = overridePreprocessing(plain, {
    resize: { filter: "tf-bilinear", fit: "center-crop", shorterSide: 256 },
    exifOrientation: "transpose",
  });
  expect(summarisePreprocessing(other)).toBe(
    "mobilenet_v2: Pillow RGB with exif_transpose, tf-bilinear center-crop to 224 × 224 from a shorter side of 256, " +
      "x / 127.5 − 1, RGB",
  );
  expect(describePreprocessing(other)).toEqual([
    expect.stringContaining("TensorFlow's own JPEG decoder"),
    expect.stringContaining("EXIF orientation is applied"),
  ]);
});

test("docs/preprocessing.md holds the table of recipes", () => {
  const docs = readFileSync(new URL("../../../../docs/preprocessing.md", import.meta.url), "utf8");
  const [, found] = /<!-- recipes -->\n([\s\S]*?)<!-- end of recipes -->/.exec(docs) ?? [];
  expect(found, "copy the expected table between the two marks of docs/preprocessing.md").toBe(recipeTable());
});

function recipeTable(): string {
  const rows = RECIPE_NAMES.map((name: RecipeName) => {
    const { channels, scaling, source } = RECIPES[name];
    return `| \`${name}\` | ${channels.toUpperCase()} | ${formulaOf(scaling)} | ${source} |\n`;
  });
  return `| recipe | channels | value of a channel x (0 to 255) | as |\n|---|---|---|---|\n${rows.join("")}`;
}
