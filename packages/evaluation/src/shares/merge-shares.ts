import { createHash } from "node:crypto";
import { FieldmarkError } from "@fieldmark/contract";
import { count } from "../count.ts";
import type { Example } from "../dataset/dataset.ts";
import { Problems } from "../dataset/problems.ts";
import type { EvaluationParts } from "../evaluation-parts.ts";
import { type RecipeCheck, type RecipeHits, recipeCheckOf } from "../pipeline/recipe-check.ts";
import { CollectedPredictions } from "../predictions/collected.ts";
import { type Predictions, scoresOf } from "../predictions/predictions.ts";
import type { Provenance } from "../report/provenance.ts";
import type { OfRow, Share } from "./share.ts";
import { shareText } from "./share-rows.ts";

/**
 * All shares of an evaluation as one: exactly what a single instance would have found, in the order of the dataset.
 * Shares come one by one, in any order; of their predictions only the merged matrix is kept.
 *
 * @param time ISO 8601, of the report
 * @throws SHARES_MISMATCH when they are of different evaluations or hold a picture twice; SHARES_INCOMPLETE naming the
 *   shares that are not there; DATASET_INVALID naming the pictures that no instance had, or when none can be decoded
 */
export async function mergeShares(
  shares: AsyncIterable<Share> | Iterable<Share>,
  { time }: { readonly time: string },
): Promise<EvaluationParts> {
  const merging = new MergedRows();
  for await (const share of shares) merging.add(share);
  return merging.finish(time);
}

/** A share without what is big in it. */
type Head = Omit<Share, "predictions" | "rows">;

/** What shares of one evaluation agree in, by the word that an error has for it. */
const SAME: Readonly<Record<string, (share: Share) => unknown>> = {
  "number of shares": ({ shares }) => shares,
  dataset: ({ annotationsDigest, examples }) => [annotationsDigest, examples],
  model: ({ provenance }) => provenance.model?.digest,
  output: ({ provenance }) => provenance.model?.output.name,
  recipe: ({ provenance }) => provenance.preprocessing?.recipe,
  classes: ({ predictions }) => predictions.classNames,
};

class MergedRows {
  readonly #heads: Head[] = [];
  readonly #failed = new Set<number>();
  #facts: ReadonlyMap<string, string> = new Map();
  #examples: Omit<Example, "path">[] = [];
  #collected: CollectedPredictions | null = null;
  /** The predictions of a share that has all pictures: taken as they are. */
  #whole: Predictions | null = null;

  add(share: Share): void {
    const { predictions, rows, ...head } = share;
    this.#requireSame(share);
    this.#heads.push(head);
    if (rows.length === head.examples && this.#whole === null && this.#collected === null) {
      this.#whole = predictions;
      return;
    }
    this.#collected ??= this.#collector(head.examples, predictions.classNames);
    for (const [index, row] of rows.entries()) {
      this.#refuseTwice(row, head, predictions.imageFileNames[index] ?? "");
      this.#examples[row] = {
        imageFileName: predictions.imageFileNames[index] ?? "",
        label: predictions.labels[index] ?? 0,
      };
      this.#collected.set(row, {
        sha256: predictions.sha256[index] ?? "",
        scores: scoresOf(predictions, index),
        milliseconds: predictions.milliseconds[index] ?? Number.NaN,
      });
    }
    for (const { row, imageFileName } of head.failures) {
      this.#refuseTwice(row, head, imageFileName);
      this.#failed.add(row);
    }
  }

  finish(time: string): EvaluationParts {
    const heads = this.#heads.toSorted((a, b) => a.number - b.number);
    const [first] = heads;
    if (first === undefined) throw new FieldmarkError("SHARES_INCOMPLETE", "there is no share to merge");
    if (this.#whole === null) this.#requireAll(heads, first);
    const failures = inOrder(heads.flatMap((head) => head.failures)).map(({ row: _, ...failure }) => failure);
    if (failures.length === first.examples) {
      throw new FieldmarkError(
        "DATASET_INVALID",
        `none of the ${first.examples} pictures can be decoded; the first: ${failures[0]?.message ?? ""}`,
      );
    }
    const predictions = this.#whole ?? this.#collected?.predictions();
    if (predictions === undefined) throw new TypeError("no predictions were collected");
    const warnings = inOrder(heads.flatMap((head) => head.warnings)).map(({ text }) => text);
    return {
      predictions,
      failures,
      warnings: [...otherVersions(heads), ...warnings],
      recipeCheck: checkOf(heads.map(({ recipeHits }) => recipeHits)),
      provenance: provenanceOf(heads, first, predictions, time),
    };
  }

  #collector(examples: number, classNames: readonly string[]): CollectedPredictions {
    this.#examples = Array.from({ length: examples }, () => ({ imageFileName: "", label: 0 }));
    return new CollectedPredictions(this.#examples, classNames);
  }

  #requireSame(share: Share): void {
    const facts = new Map(
      Object.entries(SAME).map(([name, of]) => [name, JSON.stringify(of(share) ?? null)]),
    );
    const [first] = this.#heads;
    if (first === undefined) {
      this.#facts = facts;
      return;
    }
    for (const [name, fact] of facts) {
      if (this.#facts.get(name) === fact) continue;
      throw new FieldmarkError(
        "SHARES_MISMATCH",
        `share ${shareText(share)} and share ${shareText(first)} are of different evaluations: another ${name}`,
      );
    }
    const twin = this.#heads.find(({ number }) => number === share.number);
    if (twin !== undefined)
      throw new FieldmarkError("SHARES_MISMATCH", `share ${shareText(share)} is there twice`);
  }

  #refuseTwice(row: number, head: Head, imageFileName: string): void {
    if (this.#whole === null && !this.#collected?.has(row) && !this.#failed.has(row)) return;
    throw new FieldmarkError(
      "SHARES_MISMATCH",
      `${imageFileName} is in share ${shareText(head)} and in another one`,
    );
  }

  #requireAll(heads: readonly Head[], first: Head): void {
    const missing: number[] = [];
    for (let row = 0; row < first.examples; row++) {
      if (!this.#collected?.has(row) && !this.#failed.has(row)) missing.push(row);
    }
    if (missing.length === 0) return;
    const there = new Set(heads.map(({ number }) => number));
    const lost = Array.from({ length: first.shares }, (_, index) => index + 1).filter(
      (number) => !there.has(number),
    );
    if (lost.length > 0) {
      const names = lost.map((number) => shareText({ number, shares: first.shares })).join(", ");
      throw new FieldmarkError(
        "SHARES_INCOMPLETE",
        `${lost.length === 1 ? "share" : "shares"} ${names} missing, with ${count(missing.length, "picture")} of ${first.examples}`,
        { missing: lost.map(String) },
      );
    }
    const nameOf = new Map(
      heads.flatMap(({ absent }) => absent.map(({ row, imageFileName }) => [row, imageFileName] as const)),
    );
    const problems = new Problems(first.provenance.dataset.source);
    for (const row of missing)
      problems.add(null, `${nameOf.get(row) ?? `picture ${row + 1}`}: no instance had such a file`);
    problems.throwIfAny();
  }
}

function inOrder<T extends OfRow>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => a.row - b.row);
}

/** null when any instance knew that this model and recipe passed before. */
function checkOf(hits: readonly (RecipeHits | null)[]): RecipeCheck | null {
  const known = hits.flatMap((one) => one ?? []);
  const [first] = known;
  if (first === undefined || known.length < hits.length) return null;
  return recipeCheckOf({
    recipe: first.recipe,
    rows: known.flatMap(({ rows }) => rows),
    results: first.results.map(({ recipe }, at) => ({
      recipe,
      right: known.flatMap(({ results }) => results[at]?.right ?? []),
    })),
  });
}

function otherVersions(heads: readonly Head[]): readonly string[] {
  const texts = heads.map(({ provenance: { versions } }) =>
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  return new Set(texts).size <= 1
    ? []
    : [`the shares were made by different versions: ${[...new Set(texts)].join("; ")}`];
}

function provenanceOf(
  heads: readonly Head[],
  { annotationsDigest, provenance }: Head,
  { sha256 }: Predictions,
  time: string,
): Provenance {
  const hash = createHash("sha256").update(annotationsDigest);
  for (const one of sha256) hash.update(`\n${one}`);
  const seconds = heads.flatMap((head) => head.provenance.seconds ?? []);
  const { source, examples, classNameSource } = provenance.dataset;
  return {
    time,
    command: provenance.command,
    versions: provenance.versions,
    model: provenance.model,
    dataset: { source, digest: `sha256:${hash.digest("hex")}`, examples, classNameSource },
    preprocessing: provenance.preprocessing,
    seconds: seconds.length === 0 ? null : Math.max(...seconds),
  };
}
