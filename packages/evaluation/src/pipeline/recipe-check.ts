import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Preprocessing, preprocessing } from "@fieldmark/imaging";
import type { Model } from "@fieldmark/model";
import type { Example } from "../dataset/dataset.ts";
import { writeJsonFile } from "../files.ts";
import { CollectedPredictions } from "../predictions/collected.ts";
import type { DecodePool } from "./decode-pool.ts";
import { predictAll } from "./predict-all.ts";

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
  readonly outputName?: string;
  readonly signal?: AbortSignal;
  /** "once": not again for a model and recipe that passed; "always". */
  readonly when: "once" | "always";
}

/** Pictures that the check looks at, spread evenly over the dataset. */
const EXAMPLES = 64;
/** One recipe of each kind of scaling; the others differ from these in name only. */
const CANDIDATES = ["mobilenet_v2", "raw", "unit", "imagenet_torch", "resnet"] as const;
/** Chance that a recipe as good as the chosen one looks this much better. */
const SIGNIFICANCE = 0.01;
const NOTES_FILE = "recipe-checks.json";

/** Tries the other named recipes on a few labelled pictures; null when this model and recipe passed before. */
export async function checkRecipe(options: RecipeCheckOptions): Promise<RecipeCheck | null> {
  const passed = await readPassed(options.model);
  const key = keyOf(options);
  if (options.when === "once" && passed.includes(key)) return null;

  const rows = spread(options.examples.length, EXAMPLES);
  const chosen = await hits(options, options.recipe, rows);
  const others = [];
  let better: RecipeCheck["better"] = null;
  for (const name of CANDIDATES) {
    const other = preprocessing(name, options.recipe.size, { resize: options.recipe.resize });
    if (sameScaling(other, options.recipe)) continue;
    const found = await hits(options, other, rows);
    const result = { recipe: name, accuracy: share(found) };
    others.push(result);
    if (isClearlyBetter(found, chosen) && result.accuracy > (better?.accuracy ?? 0)) better = result;
  }
  if (better === null) await writePassed(options.model, [...passed.filter((one) => one !== key), key]);
  return { recipe: options.recipe.name, examples: rows.length, accuracy: share(chosen), others, better };
}

/** `count` row numbers spread evenly over `total`, so that every class of a sorted dataset is met. */
function spread(total: number, count: number): readonly number[] {
  const some = Math.min(total, count);
  return Array.from({ length: some }, (_, index) => Math.floor((index * total) / some));
}

/** Which of the rows the model gets right under a recipe; pictures that cannot be decoded are left out. */
async function hits(
  options: RecipeCheckOptions,
  recipe: Preprocessing,
  rows: readonly number[],
): Promise<ReadonlyMap<string, boolean>> {
  const collected = new CollectedPredictions(options.examples, options.classNames);
  await predictAll(options.examples, rows, {
    ...options,
    preprocessing: recipe,
    onBatch: (batch) => collected.add(batch),
    onFailure: () => {},
    onWarning: () => {},
  });
  const { imageFileNames, labels, predicted } = collected.predictions(rows);
  return new Map(imageFileNames.map((name, index) => [name, labels[index] === predicted[index]]));
}

function share(hit: ReadonlyMap<string, boolean>): number {
  let right = 0;
  for (const isRight of hit.values()) if (isRight) right++;
  return hit.size === 0 ? 0 : right / hit.size;
}

/**
 * One-sided exact sign test on the pictures that only one of the two gets right.
 * @see McNemar, "Note on the sampling error of the difference between correlated proportions" (1947)
 */
function isClearlyBetter(other: ReadonlyMap<string, boolean>, chosen: ReadonlyMap<string, boolean>): boolean {
  let wins = 0;
  let losses = 0;
  for (const [name, right] of other) {
    if (right && chosen.get(name) === false) wins++;
    if (!right && chosen.get(name) === true) losses++;
  }
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

function sameScaling(a: Preprocessing, b: Preprocessing): boolean {
  return a.channels === b.channels && JSON.stringify(a.scaling) === JSON.stringify(b.scaling);
}

function keyOf({ recipe, outputName }: RecipeCheckOptions): string {
  return JSON.stringify([recipe.scaling, recipe.channels, recipe.resize, outputName ?? null]);
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

async function writePassed(model: Model, passed: readonly string[]): Promise<void> {
  if (model.cacheEntry !== null) await writeJsonFile(join(model.cacheEntry, NOTES_FILE), passed);
}
