import { availableParallelism } from "node:os";
import type { ClassOutput, Model } from "@fieldmark/model";
import { loadModel } from "@fieldmark/model";
import type { Dataset } from "./dataset/dataset.ts";
import { readDataset } from "./dataset/read-dataset.ts";
import type { EvaluateOptions } from "./evaluate-options.ts";
import { type ChosenPreprocessing, choosePreprocessing } from "./pipeline/choose-preprocessing.ts";
import { DecodePool } from "./pipeline/decode-pool.ts";
import { throwIfInterrupted } from "./pipeline/predict-all.ts";

const BATCH = 8;

/** All that is known and open before the first picture: model, dataset and recipe are found good. */
export interface PreparedRun {
  readonly pool: DecodePool;
  readonly model: Model;
  readonly output: ClassOutput;
  readonly dataset: Dataset;
  readonly chosen: ChosenPreprocessing;
  /** Pictures a forward pass. */
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
  /** The picture is another instance's, or nowhere. */
  isAbsent(imageFileName: string): boolean;
  /** A small square of a picture as WebP; null where it cannot be read. */
  thumbnail(imageFileName: string): Promise<Uint8Array | null>;
}

/** Opens what an evaluation needs, gives it to `use`, and closes it. Nothing is written. */
export async function withPreparedRun<T>(
  options: EvaluateOptions,
  use: (run: PreparedRun) => Promise<T>,
): Promise<T> {
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
  const { examples, absent } = dataset;
  const paths = new Map(examples.map((example) => [example.imageFileName, example.path]));
  const elsewhere = new Set(absent.map((row) => examples[row]?.imageFileName));
  return await use({
    ...{ pool, model, output, dataset, chosen, batch, signal },
    isAbsent: (imageFileName) => elsewhere.has(imageFileName),
    thumbnail: (imageFileName) => pool.thumbnail(paths.get(imageFileName) ?? ""),
  });
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
