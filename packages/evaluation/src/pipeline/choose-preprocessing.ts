import { dirname, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import {
  DEFAULT_RECIPE,
  overridePreprocessing,
  type Preprocessing,
  type PreprocessingOverrides,
  parsePreprocessing,
  preprocessing,
} from "@fieldmark/imaging";
import type { Model, PictureInput } from "@fieldmark/model";
import { isFile, readTextFile } from "../dataset/text-file.ts";

/** The recipe of a run, and who chose it. */
export interface ChosenPreprocessing {
  readonly recipe: Preprocessing;
  readonly chosenBy: string;
}

/** What flags say; each fixes one thing and leaves the others to the recipe. */
export interface PreprocessingOptions extends PreprocessingOverrides {
  /** Name of a recipe: "mobilenet_v2", … */
  readonly recipe?: string;
  /** JSON file with a whole Preprocessing value. */
  readonly recipeFile?: string;
}

/** File that states how a model's pictures are made: in its folder or archive, or beside it. */
const FILE = "preprocessing.json";

/**
 * The preprocessing of a run: the flag's, else the file's that came with the model or lies beside it, else what the
 * model shows, else the lab's.
 * @throws PREPROCESSING_INVALID
 */
export async function choosePreprocessing(
  model: Model,
  options: PreprocessingOptions,
): Promise<ChosenPreprocessing> {
  const { recipe, chosenBy } = await chooseRecipe(model, options);
  return { recipe: overridePreprocessing(recipe, options), chosenBy };
}

async function chooseRecipe(model: Model, options: PreprocessingOptions): Promise<ChosenPreprocessing> {
  const given = options.recipe ?? null;
  const { path, preprocessing: recognised, preprocessingFile: inside } = model.description;
  const beside = join(dirname(path), FILE);
  if (options.recipeFile !== undefined) {
    const recipe = fromJson(options.recipeFile, await readTextFile(options.recipeFile), model);
    return { recipe, chosenBy: `--recipe-file ${options.recipeFile}` };
  }
  if (given !== null) return { recipe: named(given, model), chosenBy: `--recipe ${given}` };
  if (inside !== null) {
    return { recipe: fromJson(inside.path, inside.text, model), chosenBy: `${FILE} in the model` };
  }
  if (await isFile(beside)) {
    return {
      recipe: fromJson(beside, await readTextFile(beside), model),
      chosenBy: `${FILE} beside the model`,
    };
  }
  if (recognised !== null) {
    return { recipe: named(recognised.name, model), chosenBy: `recognised: ${recognised.reason}` };
  }
  return {
    recipe: named(DEFAULT_RECIPE, model),
    chosenBy: `default: none was given, found or recognised, so the lab's (${DEFAULT_RECIPE})`,
  };
}

/** Side that is taken when the model leaves its input's size open; the lab's. */
const OPEN_SIDE = 224;

function named(name: string, model: Model): Preprocessing {
  const { height, width } = pictureInput(model);
  return preprocessing(name, { height: height ?? OPEN_SIDE, width: width ?? OPEN_SIDE });
}

/** A file's recipe; its size must be the model's where the model fixes one. */
function fromJson(file: string, text: string, model: Model): Preprocessing {
  const { height, width } = pictureInput(model);
  const recipe = parsePreprocessing(parseJson(file, text), file, {
    height: height ?? OPEN_SIDE,
    width: width ?? OPEN_SIDE,
  });
  const { size } = recipe;
  if (size.height === (height ?? size.height) && size.width === (width ?? size.width)) return recipe;
  throw new FieldmarkError(
    "PREPROCESSING_INVALID",
    `${file}: size is ${size.height} × ${size.width}, but the model's input is ${height ?? "any"} × ${width ?? "any"}`,
    { file },
  );
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${file}: ${String(cause)}`, { file }, cause);
  }
}

/** @throws MODEL_INPUT when the signature has no input that takes pictures, or several inputs */
function pictureInput({ pictureInput: found, description }: Model): PictureInput {
  if (found !== null) return found;
  const inputs = Object.entries(description.inputs).map(
    ([key, { shape }]) => `${key} ${JSON.stringify(shape)}`,
  );
  throw new FieldmarkError(
    "MODEL_INPUT",
    `${description.path}: inputs ${inputs.join(", ")}; expected one picture input, [batch, height, width, 3]`,
  );
}
