import { expect, test } from "vitest";
import { locateSavedModel } from "./locate.ts";

test.each([
  { names: ["saved_model.pb", "1/saved_model.pb"], folder: "" },
  { names: ["1/saved_model.pb", "1/variables/variables.index"], folder: "1/" },
  { names: ["bird/saved_model.pb"], folder: "bird/" },
  { names: ["bird/00000123/saved_model.pb"], folder: "bird/00000123/" },
])("$names → '$folder'", ({ names, folder }) => {
  expect(locateSavedModel(names, "m")).toEqual({ folder, notes: [] });
});

test("the highest of several versions is read, as a number, and said so", () => {
  const { folder, notes } = locateSavedModel(
    ["9/saved_model.pb", "10/saved_model.pb", "2/saved_model.pb"],
    "m",
  );
  expect(folder).toBe("10/");
  expect(notes).toEqual(["m: has versions 9, 10, 2; the highest is read: 10/"]);
});

test.each([
  { names: ["a/saved_model.pb", "b/saved_model.pb"] },
  { names: ["a/1/saved_model.pb", "b/2/saved_model.pb"] },
])("several models are not chosen from: $names", ({ names }) => {
  expect(() => locateSavedModel(names, "m")).toThrowError(expect.objectContaining({ code: "MODEL_BROKEN" }));
});

test("without a SavedModel the error says what is there", () => {
  expect(() => locateSavedModel(["a/b/c/saved_model.pb", "weights.bin"], "models/bird")).toThrowError(
    expect.objectContaining({
      code: "MODEL_NOT_FOUND",
      message: expect.stringContaining("found a/b/c/saved_model.pb, weights.bin"),
    }),
  );
  expect(() => locateSavedModel([], "m")).toThrowError(expect.objectContaining({ code: "MODEL_NOT_FOUND" }));
});
