import { FieldmarkError } from "@fieldmark/contract";
import {
  type InputSize,
  type Preprocessing,
  RESIZE_FILTERS,
  RESIZE_FITS,
  type Scaling,
} from "./preprocessing.ts";

/** What a name fixes: the arithmetic on the pixels, nothing else. */
export interface Recipe {
  readonly scaling: Scaling;
  readonly channels: Preprocessing["channels"];
  /** The function that it repeats, or what it is for. */
  readonly source: string;
}

const NONE = { kind: "none" } as const;
const TF = { kind: "tf" } as const;
const IMAGENET = { kind: "torch", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
/** ImageNet's means in the order blue, green, red. */
const CAFFE = { kind: "caffe", mean: [103.939, 116.779, 123.68] } as const;

const keras = (module: string, scaling: Scaling): Recipe => ({
  scaling,
  channels: scaling.kind === "caffe" ? "bgr" : "rgb",
  source: `keras.applications.${module}.preprocess_input`,
});

/** Every named recipe; printed into docs/preprocessing.md. */
export const RECIPES = {
  mobilenet: keras("mobilenet", TF),
  mobilenet_v2: keras("mobilenet_v2", TF),
  mobilenet_v3: keras("mobilenet_v3", NONE),
  resnet: keras("resnet", CAFFE),
  resnet50: keras("resnet50", CAFFE),
  resnet_v2: keras("resnet_v2", TF),
  resnet_rs: keras("resnet_rs", NONE),
  vgg16: keras("vgg16", CAFFE),
  vgg19: keras("vgg19", CAFFE),
  inception: keras("inception_v3", TF),
  inception_v3: keras("inception_v3", TF),
  inception_resnet_v2: keras("inception_resnet_v2", TF),
  xception: keras("xception", TF),
  nasnet: keras("nasnet", TF),
  densenet: keras("densenet", IMAGENET),
  efficientnet: keras("efficientnet", NONE),
  efficientnet_v2: keras("efficientnet_v2", NONE),
  convnext: keras("convnext", NONE),
  regnet: keras("regnet", NONE),
  imagenet_torch: {
    scaling: IMAGENET,
    channels: "rgb",
    source: "torchvision's ImageNet models: ToTensor, Normalize",
  },
  raw: { scaling: NONE, channels: "rgb", source: "pixels as they are: the model scales them itself" },
  unit: { scaling: { kind: "unit" }, channels: "rgb", source: "x / 255: many models trained from scratch" },
} as const satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof RECIPES;

/** The recipe of the lab, used where none is given, found or recognised. */
export const DEFAULT_RECIPE = "mobilenet_v2" satisfies RecipeName;

export const RECIPE_NAMES = Object.keys(RECIPES) as readonly RecipeName[];

export function isRecipeName(name: string): name is RecipeName {
  return Object.hasOwn(RECIPES, name);
}

/** What flags may change about a recipe; whatever is absent stays. */
export interface PreprocessingOverrides {
  readonly resize?: Partial<Preprocessing["resize"]>;
  readonly exifOrientation?: Preprocessing["exifOrientation"];
}

/** The longest side of a model's input. */
export const MAX_INPUT_SIDE = 8192;

/**
 * A named recipe for a model's input: Pillow's `convert("RGB")`, orientation ignored, a bicubic stretch, the
 * recipe's scaling and channels, unless the overrides say otherwise.
 *
 * @throws PREPROCESSING_INVALID for an unknown name, a size outside 1 … 8192, or overrides that cannot be
 */
export function preprocessing(
  name: string,
  size: InputSize,
  overrides: PreprocessingOverrides = {},
): Preprocessing {
  if (!isRecipeName(name)) {
    throw invalid(`recipe is ${JSON.stringify(name)}, expected one of ${RECIPE_NAMES.join(", ")}`);
  }
  const { scaling, channels } = RECIPES[name];
  return overridePreprocessing(
    {
      name,
      decode: "pillow-rgb",
      exifOrientation: "ignore",
      resize: { filter: "bicubic", fit: "stretch" },
      size: { height: size.height, width: size.width },
      channels,
      scaling,
    },
    overrides,
  );
}

/**
 * A recipe with some of its steps replaced.
 *
 * @throws PREPROCESSING_INVALID for a filter or fit that does not exist, or sizes that cannot be
 */
export function overridePreprocessing(
  recipe: Preprocessing,
  { resize, exifOrientation = recipe.exifOrientation }: PreprocessingOverrides,
): Preprocessing {
  const result = { ...recipe, exifOrientation, resize: { ...recipe.resize, ...resize } };
  checkWord("filter", result.resize.filter, RESIZE_FILTERS);
  checkWord("fit", result.resize.fit, RESIZE_FITS);
  checkSizes(result);
  return result;
}

function checkWord(field: string, word: string, words: readonly string[]): void {
  if (words.includes(word)) return;
  throw invalid(`${field} is ${JSON.stringify(word)}, expected one of ${words.join(", ")}`);
}

/** @throws PREPROCESSING_INVALID when the sizes of a recipe are out of range or contradict each other */
export function checkSizes({ size, resize: { fit, shorterSide } }: Preprocessing, file?: string): void {
  const where = file === undefined ? "" : `${file}: `;
  for (const side of ["height", "width"] as const) {
    if (!isSide(size[side])) {
      throw invalid(`${where}size.${side} is ${size[side]}, expected an integer from 1 to ${MAX_INPUT_SIDE}`);
    }
  }
  if (shorterSide === undefined) return;
  if (fit !== "center-crop") {
    throw invalid(
      `${where}resize.shorterSide is given with fit "${fit}", expected it only with "center-crop"`,
    );
  }
  const least = Math.max(size.height, size.width);
  if (!isSide(shorterSide) || shorterSide < least) {
    throw invalid(
      `${where}resize.shorterSide is ${shorterSide}, expected an integer from ${least} (the longer side of size) ` +
        `to ${MAX_INPUT_SIDE}`,
    );
  }
}

/** What a recipe does to the resized pixels. */
export type Arithmetic = Pick<Preprocessing, "scaling" | "channels">;

/** One recipe of each other arithmetic: what to try when a recipe may be the wrong one. */
export function alternativeRecipes(recipe: Arithmetic): readonly RecipeName[] {
  const candidates = ["mobilenet_v2", "resnet", "imagenet_torch", "raw", "unit"] as const;
  return candidates.filter((name) => !sameArithmetic(RECIPES[name], recipe));
}

/** Whether two recipes make the same values of the same pixels. */
export function sameArithmetic(one: Arithmetic, other: Arithmetic): boolean {
  return one.channels === other.channels && constants(one.scaling) === constants(other.scaling);
}

function constants(scaling: Scaling): string {
  return JSON.stringify([
    scaling.kind,
    "mean" in scaling ? scaling.mean : [],
    "std" in scaling ? scaling.std : [],
  ]);
}

function isSide(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_INPUT_SIDE;
}

function invalid(message: string): FieldmarkError {
  return new FieldmarkError("PREPROCESSING_INVALID", message);
}
