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

/** Where golden/make-applications put classifiers of keras.applications; `.ci/run` makes them. */
const APPLICATIONS = process.env.FIELDMARK_APPLICATIONS;
if (APPLICATIONS === undefined) {
  console.warn("skipped: preprocessing of tf.keras.applications (FIELDMARK_APPLICATIONS is not set)");
}

/** The recipe that stands for each family's `preprocess_input`, by how the names of its members start. */
const RECIPES: readonly (readonly [start: string, recipe: string])[] = [
  ["ConvNeXt", "raw"],
  ["DenseNet", "densenet"],
  ["EfficientNet", "raw"],
  ["InceptionResNetV2", "inception_resnet_v2"],
  ["InceptionV3", "inception_v3"],
  ["LabHead", "mobilenet_v2"],
  ["MobileNet-", "mobilenet"],
  ["MobileNetV2", "mobilenet_v2"],
  ["MobileNetV3", "raw"],
  ["NASNet", "nasnet"],
  ["RegNet", "raw"],
  ["ResNetRS", "raw"],
  ["ResNet50V2", "resnet_v2"],
  ["ResNet101V2", "resnet_v2"],
  ["ResNet152V2", "resnet_v2"],
  ["ResNet", "resnet"],
  ["VGG16", "vgg16"],
  ["VGG19", "vgg19"],
  ["Xception", "xception"],
];

describe.runIf(APPLICATIONS !== undefined).each(["keras2", "keras3"])("classifiers of %s", (keras) => {
  const folder = join(APPLICATIONS ?? "", keras);
  test.each(existsSync(folder) ? readdirSync(folder) : [])("%s", async (name) => {
    const recipe = RECIPES.find(([start]) => name.startsWith(start))?.[1];
    expect(recipe).toBeDefined();
    const member = join(folder, name);
    const { source } = await readSavedModel(
      existsSync(join(member, "model")) ? join(member, "model") : member,
    );
    expect(recognisePreprocessing(source.graph)?.name).toBe(recipe);
  });
});

describe.each(readdirSync(FOLDER))("saved by %s", (producer) => {
  test.each(Object.entries(EXPECTED))("%s shows %s", async (name, recipe) => {
    const path = join(FOLDER, producer, `${name}.tar.gz`);
    expect(existsSync(path)).toBe(true);
    const { source } = await readSavedModel(path);
    expect(recognisePreprocessing(source.graph)?.name ?? null).toBe(recipe);
  });
});
