import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { alternativeRecipes, type Preprocessing, RECIPES } from "@fieldmark/imaging";
import type { Model } from "@fieldmark/model";
import type { Example } from "../dataset/dataset.ts";
import { writeJsonFile } from "../files.ts";
import { scoreExamples } from "../measures/scored-examples.ts";
import type { DecodePool } from "./decode-pool.ts";
import type { DecodeTarget } from "./decode-task.ts";
import { PixelBatch } from "./pixel-batch.ts";
import { throwIfInterrupted } from "./predict-all.ts";

/** How the chosen recipe does on a few pictures, beside the other named ones. */
export interface RecipeCheck {
  readonly recipe: string;
  /** Pictures looked at. */
  readonly examples: number;
  readonly accuracy: number;
  readonly others: readonly { readonly recipe: string; readonly accuracy: number }[];
  /** A recipe that does clearly better: probably the one the model was trained with. */
  readonly better: { readonly recipe: string; readonly accuracy: number } | null;
}

export interface RecipeCheckOptions {
  readonly model: Model;
  readonly pool: DecodePool;
  readonly recipe: Preprocessing;
  readonly examples: readonly Example[];
  readonly classNames: readonly string[];
  readonly batch: number;
  readonly outputName: string;
  readonly signal?: AbortSignal;
  /** "once": not again for a model and recipe that passed; "always". */
  readonly when: "once" | "always";
}

/** Pictures that the check looks at, spread evenly over the dataset. */
const EXAMPLES = 64;
/** Chance that a recipe as good as the chosen one looks this much better. */
const SIGNIFICANCE = 0.01;
const NOTES_FILE = "recipe-checks.json";

/** Which pictures of the check the model gets right, under the chosen recipe and under the others. */
export interface RecipeHits {
  /** The chosen one. */
  readonly recipe: string;
  /** [pictures] their rows in the dataset, ascending; those that cannot be decoded are left out. */
  readonly rows: readonly number[];
  /** The chosen recipe first. */
  readonly results: readonly { readonly recipe: string; readonly right: readonly boolean[] }[];
}

/**
 * Tries the other named recipes on a few labelled pictures; null when this model and recipe passed before.
 * @param rows those of the dataset that are looked at, where they are among the check's: one instance's share
 */
export async function recipeHits(
  options: RecipeCheckOptions,
  rows: ReadonlySet<number>,
): Promise<RecipeHits | null> {
  if (options.when === "once" && (await readPassed(options.model)).includes(keyOf(options))) return null;
  const { recipe } = options;
  const others = alternativeRecipes(recipe).map((name) => ({
    ...recipe,
    name,
    scaling: RECIPES[name].scaling,
    channels: RECIPES[name].channels,
  }));
  const looked = spread(options.examples.length, EXAMPLES).filter((row) => rows.has(row));
  return await hits(options, [recipe, ...others], looked);
}

/** What the hits say of the recipe. */
export function recipeCheckOf({ recipe, rows, results: [chosen, ...rest] }: RecipeHits): RecipeCheck {
  const right = chosen?.right ?? [];
  let better: RecipeCheck["better"] = null;
  const others = rest.map((other) => {
    const result = { recipe: other.recipe, accuracy: share(other.right) };
    if (isClearlyBetter(other.right, right) && result.accuracy > (better?.accuracy ?? 0)) better = result;
    return result;
  });
  return { recipe, examples: rows.length, accuracy: share(right), others, better };
}

/** Notes that the recipe is none to doubt: with "once" it is not checked again for this model. */
export async function rememberPassed(options: RecipeCheckOptions, { better }: RecipeCheck): Promise<void> {
  if (better === null) await writePassed(options.model, keyOf(options));
}

/** `count` row numbers spread evenly over `total`, so that every class of a sorted dataset is met. */
function spread(total: number, count: number): readonly number[] {
  const some = Math.min(total, count);
  return Array.from({ length: some }, (_, index) => Math.floor((index * total) / some));
}

/** Each picture is decoded and resized once for all recipes. */
async function hits(
  options: RecipeCheckOptions,
  recipes: readonly Preprocessing[],
  looked: readonly number[],
): Promise<RecipeHits> {
  const { examples, pool, model, batch, outputName, signal } = options;
  const right: boolean[][] = recipes.map(() => []);
  const rows: number[] = [];
  const memory = recipes.map((recipe) => ({ recipe, batch: new PixelBatch(batch, recipe.size) }));
  for (let start = 0; start < looked.length; start += batch) {
    throwIfInterrupted(signal);
    const part = looked.slice(start, start + batch).flatMap((row) => {
      const example = examples[row];
      return example === undefined ? [] : [{ row, example }];
    });
    const decoded = await Promise.all(
      part.map(({ example }, place) => {
        const targets = memory.map((one) => ({ recipe: one.recipe, out: one.batch.picture(place) }));
        return decodes(pool, example, targets);
      }),
    );
    const places = [...part.keys()].filter((place) => decoded[place]);
    const labels = places.map((place) => part[place]?.example.label ?? 0);
    rows.push(...places.map((place) => part[place]?.row ?? 0));
    if (places.length === 0) continue;
    for (const [at, one] of memory.entries()) {
      const probabilities = await model.classify(one.batch.keep(places), places.length, {
        outputName,
        size: one.recipe.size,
        ...(signal === undefined ? {} : { signal }),
      });
      const { predicted } = scoreExamples({
        classNames: options.classNames,
        labels: Int32Array.from(labels),
        probabilities: { rows: labels.length, columns: options.classNames.length, data: probabilities },
      });
      right[at]?.push(...labels.map((label, index) => predicted[index] === label));
    }
  }
  return {
    recipe: options.recipe.name,
    rows,
    results: recipes.map(({ name }, at) => ({ recipe: name, right: right[at] ?? [] })),
  };
}

/** A picture that cannot be decoded is told of when its turn comes in the evaluation itself. */
async function decodes(
  pool: DecodePool,
  { path, imageFileName }: Example,
  targets: readonly DecodeTarget[],
): Promise<boolean> {
  try {
    await pool.decode(path, imageFileName, targets);
    return true;
  } catch (error) {
    if (error instanceof FieldmarkError && error.fault === "input") return false;
    throw error;
  }
}

function share(right: readonly boolean[]): number {
  return right.length === 0 ? 0 : right.filter(Boolean).length / right.length;
}

/**
 * One-sided exact sign test on the pictures that only one of the two gets right.
 * @see McNemar, "Note on the sampling error of the difference between correlated proportions" (1947)
 */
function isClearlyBetter(other: readonly boolean[], chosen: readonly boolean[]): boolean {
  const wins = other.filter((right, index) => right && chosen[index] === false).length;
  const losses = other.filter((right, index) => !right && chosen[index] === true).length;
  return wins > losses && binomialUpperTail(wins, wins + losses) < SIGNIFICANCE;
}

/** P(X ≥ successes) for X ~ Binomial(trials, 1/2). */
function binomialUpperTail(successes: number, trials: number): number {
  let term = 0.5 ** trials;
  let tail = 0;
  for (let k = 0; k <= trials; k++) {
    if (k >= successes) tail += term;
    term = (term * (trials - k)) / (k + 1);
  }
  return tail;
}

function keyOf({ recipe, outputName }: RecipeCheckOptions): string {
  return JSON.stringify([recipe.scaling, recipe.channels, recipe.resize, outputName]);
}

async function readPassed(model: Model): Promise<readonly string[]> {
  if (model.cacheEntry === null) return [];
  const text = await readFile(join(model.cacheEntry, NOTES_FILE), "utf8").catch(() => "[]");
  const value: unknown = safeJson(text);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A note that another process left half-read is no note. */
function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

async function writePassed(model: Model, key: string): Promise<void> {
  if (model.cacheEntry === null) return;
  const passed = await readPassed(model);
  if (!passed.includes(key)) await writeJsonFile(join(model.cacheEntry, NOTES_FILE), [...passed, key]);
}
