import { describePreprocessing } from "@fieldmark/imaging";
import type { EvaluateOptions } from "./evaluate-options.ts";
import { predictAll } from "./pipeline/predict-all.ts";
import { type RecipeHits, recipeCheckOf, recipeHits, rememberPassed } from "./pipeline/recipe-check.ts";
import { CollectedPredictions } from "./predictions/collected.ts";
import { PartialFile } from "./predictions/partial-file.ts";
import type { PreparedRun } from "./prepared-run.ts";
import type { Provenance } from "./report/provenance.ts";
import { versions } from "./report/versions.ts";
import type { Share } from "./shares/share.ts";
import { type ShareNumber, shareText, without } from "./shares/share-rows.ts";

/** The part of an evaluation that is done here. */
export interface ShareWork extends ShareNumber {
  readonly host: string | null;
  /** Rows in batches, none of an absent picture. */
  readonly batches: readonly (readonly number[])[];
  /** Path, without endings, of the rows that are kept while it runs. */
  readonly partialName: string;
}

/**
 * Checks the recipe and predicts: what `mergeShares` makes an evaluation of.
 * @returns the share, and the rows on disk, which are removed when the share is safe elsewhere
 * @throws INTERRUPTED when the signal aborts, with whole rows left on disk; what its steps throw
 */
export async function predictShare(
  run: PreparedRun,
  options: EvaluateOptions,
  work: ShareWork,
): Promise<{ readonly share: Share; removePartial(): Promise<void> }> {
  const { model, output, dataset, chosen, pool, batch, signal } = run;
  const tell = options.onEvent ?? (() => {});
  const { examples, classNames } = dataset;
  const hits = await checkRecipe(run, options, work);

  const collected = new CollectedPredictions(examples, classNames);
  const identity = {
    modelDigest: model.description.digest,
    outputName: output.name,
    preprocessing: chosen.recipe,
    annotationsDigest: dataset.annotationsDigest,
    share: shareText(work),
  };
  await using partial = options.resume
    ? await PartialFile.resume(work.partialName, identity, { examples, classNames, collected })
    : await PartialFile.create(work.partialName, identity, classNames.length);

  const failures: Share["failures"][number][] = [];
  const warnings: Share["warnings"][number][] = [];
  const total = work.batches.reduce((sum, rows) => sum + rows.length, 0);
  const started = performance.now();
  const progress = () => tell({ kind: "progress", done: collected.count + failures.length, total });
  progress();
  await predictAll(
    examples,
    without(work.batches, (row) => collected.has(row)),
    {
      model,
      pool,
      batch,
      preprocessing: chosen.recipe,
      outputName: output.name,
      ...(signal === undefined ? {} : { signal }),
      onBatch: async (predicted) => {
        collected.add(predicted);
        await partial.append(collected, predicted.rows);
        progress();
      },
      onFailure: (row, { code, message }) => {
        const { imageFileName = "", label = 0 } = examples[row] ?? {};
        failures.push({ row, imageFileName, label, code, message });
        progress();
      },
      onWarning: (row, warning) =>
        warnings.push({ row, text: `${examples[row]?.imageFileName}: ${warning}` }),
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const share: Share = {
    number: work.number,
    shares: work.shares,
    host: work.host,
    examples: examples.length,
    annotationsDigest: dataset.annotationsDigest,
    provenance: provenanceOf(run, options, seconds),
    recipeHits: hits,
    rows: [...examples.keys()].filter((row) => collected.has(row)),
    predictions: collected.predictions(),
    failures,
    warnings,
    absent: dataset.absent.map((row) => ({ row, imageFileName: examples[row]?.imageFileName ?? "" })),
  };
  return { share, removePartial: () => partial.remove() };
}

/** On a share of the pictures nothing is told or remembered: all shares together say what the recipe is worth. */
async function checkRecipe(
  { model, output, dataset, chosen, pool, batch, signal }: PreparedRun,
  { recipeCheck: when = "once", onEvent }: EvaluateOptions,
  { batches, shares }: ShareWork,
): Promise<RecipeHits | null> {
  if (when === "never") return null;
  const check = {
    ...{ model, pool, batch, when },
    outputName: output.name,
    recipe: chosen.recipe,
    examples: dataset.examples,
    classNames: dataset.classNames,
    ...(signal === undefined ? {} : { signal }),
  };
  const hits = await recipeHits(check, new Set(batches.flat()));
  if (hits === null || shares > 1) return hits;
  const found = recipeCheckOf(hits);
  await rememberPassed(check, found);
  onEvent?.({ kind: "recipe-check", check: found });
  return hits;
}

function provenanceOf(
  { model, output, dataset, chosen }: PreparedRun,
  { command = "" }: EvaluateOptions,
  seconds: number,
): Share["provenance"] {
  const { path, format, producer, digest, signature, parameters } = model.description;
  const modelProvenance: Provenance["model"] = {
    ...{ path, format, producer, digest, signature, output, parameters },
  };
  return {
    command,
    versions: versions(),
    model: modelProvenance,
    dataset: {
      source: dataset.source,
      examples: dataset.examples.length,
      classNameSource: dataset.classNameSource,
    },
    preprocessing: { ...chosen, notes: describePreprocessing(chosen.recipe) },
    seconds,
  };
}
