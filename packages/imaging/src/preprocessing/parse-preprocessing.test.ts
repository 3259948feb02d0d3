import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePreprocessing } from "./parse-preprocessing.ts";
import { RESIZE_FILTERS } from "./preprocessing.ts";
import { preprocessing, RECIPE_NAMES } from "./recipes.ts";

const size = { height: 224, width: 224 };
const own = { name: "ours", channels: "rgb", scaling: { kind: "unit" }, size };

test("what a report says is read back as the same recipe", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RECIPE_NAMES),
      fc.constantFrom(...RESIZE_FILTERS),
      fc.integer({ min: 1, max: 8192 }),
      (name, filter, side) => {
        const recipe = preprocessing(
          name,
          { height: side, width: 3 },
          { resize: { filter, fit: "center-crop" } },
        );
        expect(parsePreprocessing(JSON.parse(JSON.stringify(recipe)), "recipe.json")).toEqual(recipe);
      },
    ),
  );
});

test("a name alone is enough where the model's size is known", () => {
  expect(parsePreprocessing({ name: "resnet" }, "p.json", size)).toEqual(preprocessing("resnet", size));
  expect(() => parsePreprocessing({ name: "resnet" }, "p.json")).toThrow(
    "p.json: size is absent, expected an object with height and width",
  );
});

test("a recipe of one's own states channels and scaling", () => {
  const scaling = { kind: "torch", mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
  expect(parsePreprocessing({ ...own, scaling }, "p.json")).toMatchObject({ name: "ours", scaling });
});

test.each([
  [null, /p.json: the document is null, expected an object/],
  [[], /the document is \[\], expected an object/],
  [{ ...own, name: 3 }, /name is 3, expected a text/],
  [{ ...own, name: "x".repeat(300) }, /name is "x+…, expected a text of 1 to 200/],
  [
    { name: "ours", size, scaling: { kind: "unit" } },
    /channels is absent, expected it, because name \("ours"\) is none/,
  ],
  [{ name: "ours", size, channels: "rgb" }, /scaling is absent/],
  [{ name: "constructor", size }, /channels is absent/],
  [{ ...own, scale: 1 }, /unknown field scale, expected only name, decode/],
  [
    JSON.parse('{"name":"raw","size":{"height":1,"width":1},"__proto__":{"channels":"bgr"}}'),
    /unknown field __proto__/,
  ],
  [{ ...own, size: { height: 224 } }, /size.width is absent, expected a number/],
  [
    { ...own, size: { height: 1e9, width: 1 } },
    /p.json: size.height is 1000000000, expected an integer from 1/,
  ],
  [{ ...own, size: { ...size, depth: 3 } }, /unknown field size.depth/],
  [{ ...own, resize: { filter: "cubic" } }, /resize.filter is "cubic", expected one of nearest, box/],
  [{ ...own, resize: { fit: ["stretch"] } }, /resize.fit is \["stretch"\], expected one of/],
  [{ ...own, resize: { fit: "center-crop", shorterSide: 1 } }, /p.json: resize.shorterSide is 1, expected/],
  [{ ...own, resize: 7 }, /resize is 7, expected an object/],
  [{ ...own, decode: "tensorflow" }, /decode is "tensorflow", expected one of pillow-rgb/],
  [{ ...own, exifOrientation: true }, /exifOrientation is true, expected one of ignore, transpose/],
  [{ ...own, scaling: {} }, /scaling.kind is absent, expected one of none, tf/],
  [
    { ...own, scaling: { kind: "caffe", mean: [1, 2] } },
    /scaling.mean is \[1,2\], expected three finite numbers/,
  ],
  [
    { ...own, scaling: { kind: "torch", mean: [1, 2, 3], std: [1, 0, 1] } },
    /scaling.std .* three positive numbers/,
  ],
  [{ ...own, scaling: { kind: "unit", mean: [1, 2, 3] } }, /unknown field scaling.mean/],
  [{ ...own, name: "resnet" }, /name is "resnet", expected a name of your own, because/],
] as const)("%j is refused by name of the field", (json, message) => {
  expect(() => parsePreprocessing(json, "p.json")).toThrow(message);
});

test("whatever JSON holds, a file is read or refused, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((text) => JSON.parse(text)),
        mutations(),
      ),
      (json) => {
        try {
          parsePreprocessing(json, "p.json", size);
        } catch (error) {
          expect(error).toBeInstanceOf(FieldmarkError);
          expect(error).toMatchObject({ code: "PREPROCESSING_INVALID" });
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** A right document with one of its fields replaced by anything. */
function mutations() {
  const right = { ...preprocessing("vgg16", size) };
  return fc
    .tuple(fc.constantFrom(...Object.keys(right)), fc.jsonValue())
    .map(([field, value]) => ({ ...right, [field]: value }));
}
