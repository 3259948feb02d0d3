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
import type { Model } from "@fieldmark/model";
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

/** File beside a model that states how its pictures are made. */
const BESIDE = "preprocessing.json";

/**
 * The preprocessing of a run: the flag's, else the file's next to the model, else what the model shows, else the lab's.
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
  const size = inputSize(model);
  if (options.recipeFile !== undefined) {
    return {
      recipe: await fromFile(options.recipeFile, size),
      chosenBy: `--recipe-file ${options.recipeFile}`,
    };
  }
  if (options.recipe !== undefined) {
    return { recipe: preprocessing(options.recipe, size), chosenBy: `--recipe ${options.recipe}` };
  }
  const beside = join(dirname(model.description.path), BESIDE);
  if (await isFile(beside))
    return { recipe: await fromFile(beside, size), chosenBy: `${BESIDE} beside the model` };
  const recognised = model.description.preprocessing;
  if (recognised !== null) {
    return { recipe: preprocessing(recognised.name, size), chosenBy: `recognised: ${recognised.reason}` };
  }
  return {
    recipe: preprocessing(DEFAULT_RECIPE, size),
    chosenBy: `default: none was given, found or recognised, so the lab's (${DEFAULT_RECIPE})`,
  };
}

async function fromFile(path: string, size: Preprocessing["size"]): Promise<Preprocessing> {
  let value: unknown;
  try {
    value = JSON.parse(await readTextFile(path));
  } catch (cause) {
    if (cause instanceof FieldmarkError) throw cause;
    throw new FieldmarkError("JSON_INVALID", `${path}: ${String(cause)}`, { file: path }, cause);
  }
  const recipe = parsePreprocessing(value, path, size);
  if (recipe.size.height === size.height && recipe.size.width === size.width) return recipe;
  throw new FieldmarkError(
    "PREPROCESSING_INVALID",
    `${path}: size is ${recipe.size.height} × ${recipe.size.width}, but the model's input is ${size.height} × ${size.width}`,
    { file: path },
  );
}

/** Sizes that are taken when the model leaves them open; the lab's. */
const OPEN_SIZE = 224;

/** Height and width of the model's picture input. */
function inputSize({ description }: Model): Preprocessing["size"] {
  const inputs = Object.entries(description.inputs);
  const [name, input] = inputs[0] ?? [];
  if (inputs.length !== 1 || name === undefined || input?.shape?.length !== 4) {
    const found = inputs.map(([key, { shape }]) => `${key} ${JSON.stringify(shape)}`).join(", ");
    throw new FieldmarkError(
      "MODEL_INPUT",
      `${description.path}: inputs ${found}; expected one of [batch, height, width, 3]`,
    );
  }
  return { height: input.shape[1] ?? OPEN_SIZE, width: input.shape[2] ?? OPEN_SIZE };
}
