import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readSavedModel } from "../formats/read-saved-model.ts";
import { recognisePreprocessing } from "./recognise.ts";

/** SavedModels of both Keras generations, made by golden/make_ops.py, and what they show of their preprocessing. */
const FOLDER = fileURLToPath(new URL("../../golden/ops/", import.meta.url));
const EXPECTED = {
  normalization_first: "raw",
  preprocess_densenet: "raw",
  preprocess_mobilenet_v2: "raw",
  preprocess_resnet: "raw",
  rescaling_255_first: "raw",
  rescaling_first: "raw",
  resize_then_rescale: "raw",
  batch_norm_before_same_conv: null,
  conv_same: null,
  resizing_layer: null,
} as const;

describe.each(readdirSync(FOLDER))("saved by %s", (producer) => {
  test.each(Object.entries(EXPECTED))("%s shows %s", async (name, recipe) => {
    const path = join(FOLDER, producer, `${name}.tar.gz`);
    expect(existsSync(path)).toBe(true);
    const { source } = await readSavedModel(path);
    expect(recognisePreprocessing(source.graph)?.name ?? null).toBe(recipe);
  });
});
