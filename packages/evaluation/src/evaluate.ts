import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { FieldmarkError } from "@fieldmark/contract";
import { describePreprocessing } from "@fieldmark/imaging";
import { loadModel, type Model } from "@fieldmark/model";
import type { Dataset } from "./dataset/dataset.ts";
import { readDataset } from "./dataset/read-dataset.ts";
import type { EvaluateOptions, Evaluation } from "./evaluate-options.ts";
import { makeEvaluation } from "./make-evaluation.ts";
import { type ChosenPreprocessing, choosePreprocessing } from "./pipeline/choose-preprocessing.ts";
import { DecodePool } from "./pipeline/decode-pool.ts";
import { predictAll, throwIfInterrupted } from "./pipeline/predict-all.ts";
import { checkRecipe } from "./pipeline/recipe-check.ts";
import { CollectedPredictions, type Failure } from "./predictions/collected.ts";
import { PartialFile } from "./predictions/partial-file.ts";
import type { Provenance } from "./report/provenance.ts";
import { reportPictures } from "./report/report-pictures.ts";
import { versions } from "./report/versions.ts";
import { writeEvaluation } from "./write-evaluation.ts";

const BATCH = 8;

/**
 * The whole of an evaluation: model archive → session, annotations → examples → pixels → predictions → measures →
 * report. Nothing is written before the model, the dataset and the recipe are found good.
 *
 * @throws what its steps throw; INTERRUPTED when the signal aborts, with whole rows left in predictions.partial.csv
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { signal, outputName, batch = BATCH } = options;
  const tell = options.onEvent ?? (() => {});

  await using pool = new DecodePool(decodeThreads(options.threads ?? availableParallelism()));
  await using model = await openModel(options);
  const output = model.classOutput(outputName);
  tell({ kind: "model", description: model.description, output, cached: model.cached });

  const dataset = await readDataset(options.dataset, {
    count: output.classes,
    names: model.description.classNames,
  });
  tell({ kind: "dataset", dataset });

  const chosen = await choosePreprocessing(model, options.preprocessing ?? {});
  tell({ kind: "preprocessing", ...chosen });
  throwIfInterrupted(signal);

  const shared = {
    model,
    pool,
    batch,
    outputName: output.name,
    ...(signal === undefined ? {} : { signal }),
  };
  const check =
    options.recipeCheck === "never"
      ? null
      : await checkRecipe({
          ...shared,
          recipe: chosen.recipe,
          examples: dataset.examples,
          classNames: dataset.classNames,
          when: options.recipeCheck ?? "once",
        });
  if (check !== null) tell({ kind: "recipe-check", check });

  const { examples, classNames } = dataset;
  const collected = new CollectedPredictions(examples, classNames);
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const identity = {
    modelDigest: model.description.digest,
    outputName: output.name,
    preprocessing: chosen.recipe,
    annotationsDigest: dataset.annotationsDigest,
  };
  await using partial = options.resume
    ? await PartialFile.resume(options.output, identity, { examples, classNames, collected })
    : await PartialFile.create(options.output, identity, classNames.length);

  const started = performance.now();
  const rows = [...examples.keys()].filter((row) => !collected.has(row));
  const progress = () =>
    tell({ kind: "progress", done: collected.count + failures.length, total: examples.length });
  progress();
  await predictAll(examples, rows, {
    ...shared,
    preprocessing: chosen.recipe,
    onBatch: async (predicted) => {
      collected.add(predicted);
      await partial.append(collected, predicted.rows);
      progress();
    },
    onFailure: (row, error) => {
      failures.push(failureOf(examples[row]?.imageFileName ?? "", examples[row]?.label ?? 0, error));
      progress();
    },
    onWarning: (row, warning) => warnings.push(`${examples[row]?.imageFileName}: ${warning}`),
  });
  const seconds = (performance.now() - started) / 1000;
  if (collected.count === 0) {
    throw new FieldmarkError(
      "DATASET_INVALID",
      `none of the ${examples.length} pictures can be decoded; the first: ${failures[0]?.message ?? ""}`,
    );
  }

  const predictions = collected.predictions();
  const provenance = provenanceOf(options, { model, dataset, chosen, seconds, sha256: predictions.sha256 });
  const paths = new Map(examples.map((example) => [example.imageFileName, example.path]));
  const measure = async () =>
    makeEvaluation({ predictions, failures, warnings, recipeCheck: check, provenance }, options);
  const [pictures, evaluation] = await Promise.all([
    reportPictures(predictions, (name) => pool.thumbnail(paths.get(name) ?? "")), // while this thread measures
    measure(),
  ]);
  tell({ kind: "measured", evaluation });
  const files = await writeEvaluation(evaluation, options, pictures);
  await partial.remove();
  return { ...evaluation, files };
}

/** The codecs run in threads of their own beside these, and a picture takes a model several times as long. */
function decodeThreads(threads: number): number {
  return Math.ceil(threads / 2);
}

async function openModel({
  model,
  signature,
  cacheFolder,
  threads,
  signal,
}: EvaluateOptions): Promise<Model> {
  return await loadModel(model, {
    ...(signature === undefined ? {} : { signature }),
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function failureOf(imageFileName: string, label: number, error: FieldmarkError): Failure {
  return { imageFileName, label, code: error.code, message: error.message };
}

interface Parts {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly chosen: ChosenPreprocessing;
  readonly seconds: number;
  readonly sha256: readonly string[];
}

function provenanceOf(
  options: EvaluateOptions,
  { model, dataset, chosen, seconds, sha256 }: Parts,
): Provenance {
  const { path, format, producer, digest, signature, parameters } = model.description;
  const output = model.classOutput(options.outputName);
  const hash = createHash("sha256").update(dataset.annotationsDigest);
  for (const one of sha256) hash.update(`\n${one}`);
  return {
    time: (options.now ?? (() => new Date()))().toISOString(),
    command: options.command ?? "",
    versions: versions(),
    model: { path, format, producer, digest, signature, output, parameters },
    dataset: {
      source: dataset.source,
      digest: `sha256:${hash.digest("hex")}`,
      examples: dataset.examples.length,
      classNameSource: dataset.classNameSource,
    },
    preprocessing: { ...chosen, notes: describePreprocessing(chosen.recipe) },
    seconds,
  };
}
