import { FieldmarkError } from "@fieldmark/contract";
import type { Preprocessing } from "@fieldmark/imaging";
import type { Model } from "@fieldmark/model";
import type { Example } from "../dataset/dataset.ts";
import type { DecodePool } from "./decode-pool.ts";
import type { DecodedPicture } from "./decode-task.ts";

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
  /** Pictures a forward pass. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  /** Called in the order of the batches; awaited, so a slow reader slows the pipeline down. */
  onBatch(batch: PredictedBatch): Promise<void> | void;
  /** A picture that cannot be decoded; the others go on. */
  onFailure(row: number, error: FieldmarkError): void;
  onWarning(row: number, warning: string): void;
}

/** Batches whose pictures are being decoded or wait for the session, beside the one that runs. */
const BATCHES_AHEAD = 2;

type Outcome = { readonly picture: DecodedPicture } | { readonly error: unknown };

/**
 * Decodes, resizes and predicts `rows` of the examples: a sliding window of pictures in the pool, one batch in the
 * session, so that memory is bounded by the window and not by the dataset.
 * @throws INTERRUPTED when the signal aborts; whatever the model throws
 */
export async function predictAll(
  examples: readonly Example[],
  rows: readonly number[],
  options: PredictAllOptions,
): Promise<void> {
  const { pool, preprocessing, batch, signal } = options;
  const window: Promise<Outcome>[] = [];
  let next = 0;
  const fill = () => {
    while (next < rows.length && window.length < batch * (BATCHES_AHEAD + 1)) {
      const example = examples[rows[next++] ?? 0];
      if (example === undefined) throw new RangeError("a row beyond the examples");
      const picture = pool.decode(example.path, example.imageFileName, [preprocessing]);
      window.push(
        picture.then(
          (value) => ({ picture: value }),
          (error: unknown) => ({ error }),
        ),
      );
    }
  };

  let running: Promise<void> = Promise.resolve();
  try {
    for (let start = 0; start < rows.length; start += batch) {
      fill();
      const part = rows.slice(start, start + batch);
      const outcomes = await Promise.all(window.splice(0, part.length));
      throwIfInterrupted(signal);
      fill();
      const decoded = sortOut(part, outcomes, options);
      if (decoded.rows.length === 0) continue;
      const pixels = assemble(
        decoded.pictures.map(({ tensors }) => tensors[0] ?? new Float32Array()),
        options.preprocessing,
      );
      await running;
      running = predictBatch(decoded, pixels, options);
      running.catch(() => {}); // awaited above in the next round, or below
    }
    await running;
  } finally {
    await Promise.allSettled([running]);
  }
}

interface DecodedBatch {
  readonly rows: readonly number[];
  readonly pictures: readonly DecodedPicture[];
}

function sortOut(
  rows: readonly number[],
  outcomes: readonly Outcome[],
  options: PredictAllOptions,
): DecodedBatch {
  const kept: number[] = [];
  const pictures: DecodedPicture[] = [];
  outcomes.forEach((outcome, index) => {
    const row = rows[index] ?? 0;
    if ("picture" in outcome) {
      kept.push(row);
      pictures.push(outcome.picture);
      for (const warning of outcome.picture.warnings) options.onWarning(row, warning);
    } else if (outcome.error instanceof FieldmarkError && outcome.error.fault === "input") {
      options.onFailure(row, outcome.error);
    } else {
      throw outcome.error;
    }
  });
  return { rows: kept, pictures };
}

/** Pictures of a batch as one tensor: float32 [batch, height, width, 3]. */
export function assemble(
  tensors: readonly Float32Array[],
  { size }: Preprocessing,
): Float32Array<ArrayBuffer> {
  const values = size.height * size.width * 3;
  const pixels = new Float32Array(tensors.length * values);
  for (const [index, tensor] of tensors.entries()) pixels.set(tensor, index * values);
  return pixels;
}

async function predictBatch(
  { rows, pictures }: DecodedBatch,
  pixels: Float32Array<ArrayBuffer>,
  { model, outputName, signal, onBatch }: PredictAllOptions,
): Promise<void> {
  const started = performance.now();
  const probabilities = await model.classify(pixels, rows.length, {
    ...(signal === undefined ? {} : { signal }),
    ...(outputName === undefined ? {} : { outputName }),
  });
  await onBatch({
    rows,
    sha256: pictures.map((picture) => picture.sha256),
    probabilities,
    millisecondsPerImage: (performance.now() - started) / rows.length,
  });
}

/** @throws INTERRUPTED */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new FieldmarkError("INTERRUPTED", "interrupted");
}
