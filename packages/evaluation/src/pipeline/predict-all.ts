import { FieldmarkError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";
import type { Model } from "@fieldmark/model";
import type { Example } from "../dataset/dataset.ts";
import type { DecodePool } from "./decode-pool.ts";
import type { DecodedPicture } from "./decode-task.ts";
import { PixelBatch } from "./pixel-batch.ts";

/** What is known of a batch once the model has seen it. */
export interface PredictedBatch {
  /** [batch] indices into the examples, ascending */
  readonly rows: readonly number[];
  /** [batch] hex SHA-256 of the files */
  readonly sha256: readonly string[];
  /** row-major [batch, classes] */
  readonly probabilities: Float32Array;
  /** Inference time of the batch ÷ its size. */
  readonly millisecondsPerImage: number;
}

export interface PredictAllOptions {
  readonly model: Model;
  readonly pool: DecodePool;
  readonly preprocessing: Preprocessing;
  readonly outputName?: string;
  /** Pictures a forward pass at most. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  /** Called in the order of the batches; awaited, so a slow reader slows the pipeline down. */
  onBatch(batch: PredictedBatch): Promise<void> | void;
  /** A picture that cannot be decoded; the others go on. */
  onFailure(row: number, error: FieldmarkError): void;
  onWarning(row: number, warning: string): void;
}

/** Batches whose pictures are in the pool. */
const DECODING = 2;
/** Batches that the model has: one runs, the next one waits, so that no session ever waits for this thread. */
const PREDICTING = 2;

/**
 * Decodes, resizes and predicts the examples at the rows of `batches`. Pictures live in a few batches' worth of memory
 * that is used again and again, whatever the size of the dataset.
 * @param batches rows that the model sees together, at most `options.batch`
 * @throws INTERRUPTED when the signal aborts; whatever the model throws
 */
export async function predictAll(
  examples: readonly Example[],
  batches: readonly (readonly number[])[],
  options: PredictAllOptions,
): Promise<void> {
  const { preprocessing, batch, signal } = options;
  const memory = Array.from(
    { length: Math.min(batches.length, DECODING + PREDICTING) },
    () => new PixelBatch(batch, preprocessing.size),
  );
  const decoding: Promise<readonly Outcome[]>[] = [];
  const predicting: Promise<number>[] = [];
  try {
    for (const [index, part] of batches.entries()) {
      while (decoding.length < DECODING && index + decoding.length < batches.length) {
        const ahead = index + decoding.length;
        const pictures = (batches[ahead] ?? []).flatMap((row) => examples[row] ?? []);
        decoding.push(decodeBatch(pictures, at(memory, ahead), options));
      }
      const outcomes = (await decoding.shift()) ?? [];
      throwIfInterrupted(signal);
      const decoded = sortOut(part, outcomes, options);
      if (predicting.length === PREDICTING) await predicting.shift();
      const running = predictBatch(decoded, {
        ...options,
        memory: at(memory, index),
        before: predicting.at(-1),
      });
      running.catch(() => {}); // thrown where it is awaited
      predicting.push(running);
    }
    await Promise.all(predicting);
  } finally {
    await Promise.allSettled([...decoding, ...predicting]);
  }
}

/** The memory of a batch; the batch that had it before left the model `PREDICTING` batches ago. */
function at(memory: readonly PixelBatch[], batch: number): PixelBatch {
  const own = memory[batch % memory.length];
  if (own === undefined) throw new RangeError("a batch without memory");
  return own;
}

type Outcome = { readonly picture: DecodedPicture } | { readonly error: unknown };

async function decodeBatch(
  examples: readonly Example[],
  memory: PixelBatch,
  { pool, preprocessing }: PredictAllOptions,
): Promise<readonly Outcome[]> {
  return await Promise.all(
    examples.map(({ path, imageFileName }, index) =>
      pool.decode(path, imageFileName, [{ recipe: preprocessing, out: memory.picture(index) }]).then(
        (picture) => ({ picture }),
        (error: unknown) => ({ error }),
      ),
    ),
  );
}

interface DecodedBatch {
  readonly rows: readonly number[];
  /** Places of these rows in the batch's memory. */
  readonly places: readonly number[];
  readonly sha256: readonly string[];
}

/** Tells of warnings and failures; what is left is for the model. */
function sortOut(
  rows: readonly number[],
  outcomes: readonly Outcome[],
  options: PredictAllOptions,
): DecodedBatch {
  const decoded = { rows: [] as number[], places: [] as number[], sha256: [] as string[] };
  outcomes.forEach((outcome, place) => {
    const row = rows[place] ?? 0;
    if ("picture" in outcome) {
      decoded.rows.push(row);
      decoded.places.push(place);
      decoded.sha256.push(outcome.picture.sha256);
      for (const warning of outcome.picture.warnings) options.onWarning(row, warning);
    } else if (outcome.error instanceof FieldmarkError && outcome.error.fault === "input") {
      options.onFailure(row, outcome.error);
    } else {
      throw outcome.error;
    }
  });
  return decoded;
}

interface PredictBatchOptions extends PredictAllOptions {
  readonly memory: PixelBatch;
  /** When the batch before this one left the model. */
  readonly before: Promise<number> | undefined;
}

/** @returns when the batch left the model: a batch that waited for the one before it did not run in that time */
async function predictBatch(
  { rows, places, sha256 }: DecodedBatch,
  { model, preprocessing, outputName, signal, onBatch, memory, before }: PredictBatchOptions,
): Promise<number> {
  const asked = performance.now();
  if (rows.length === 0) return (await before) ?? asked;
  const probabilities = await model.classify(memory.keep(places), rows.length, {
    size: preprocessing.size,
    ...(signal === undefined ? {} : { signal }),
    ...(outputName === undefined ? {} : { outputName }),
  });
  const left = performance.now();
  const started = Math.max(asked, (await before) ?? asked);
  await onBatch({
    rows,
    sha256,
    probabilities,
    millisecondsPerImage: Math.max(0, left - started) / rows.length,
  });
  return left;
}

/** @throws INTERRUPTED */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new FieldmarkError("INTERRUPTED", "interrupted");
}
