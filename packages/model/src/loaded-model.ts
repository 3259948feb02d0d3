import { FieldmarkError } from "@fieldmark/contract";
import { checkInputs } from "./check-inputs.ts";
import { chooseClassOutput } from "./class-output.ts";
import { formatShape } from "./format-shape.ts";
import type { ImportRecord } from "./import-record.ts";
import type { ClassifyOptions, ClassOutput, Model, ModelDescription, PredictOptions } from "./model.ts";
import { findPictureInput, type PictureInput } from "./picture-input.ts";
import { pictureTensor } from "./picture-tensor.ts";
import { toProbabilities } from "./probabilities.ts";
import { type Batch, joinRows, planBatches, rowsOf } from "./run-in-batches.ts";
import type { SessionPool } from "./session/session-pool.ts";
import type { Tensor } from "./tensor.ts";
import { convertTensor, numbersOf } from "./tensor-convert.ts";

export interface LoadedModelParts {
  readonly path: string;
  readonly record: ImportRecord;
  /** Opened. */
  readonly pool: SessionPool;
  readonly cached: boolean;
  readonly cacheEntry: string | null;
  /** Called once when the sessions are closed. */
  readonly afterClose?: () => Promise<void>;
}

interface RunAll {
  readonly signal: AbortSignal | undefined;
  /** The signature's keys of the outputs that are wanted. */
  readonly names: readonly string[];
  readonly onProgress?: ((rows: number) => void) | undefined;
  /** Tensors in buffers that may be taken away. */
  inputsOf(batch: Batch): Tensors;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** A model whose sessions are open. */
export class LoadedModel implements Model {
  readonly description: ModelDescription;
  readonly cached: boolean;
  readonly cacheEntry: string | null;
  readonly pictureInput: PictureInput | null;
  readonly #record: ImportRecord;
  readonly #pool: SessionPool;
  readonly #afterClose: () => Promise<void>;

  constructor({ path, record, pool, cached, cacheEntry, afterClose }: LoadedModelParts) {
    this.description = { path, ...record.description };
    this.cached = cached;
    this.cacheEntry = cacheEntry;
    this.pictureInput = findPictureInput(record.description.inputs);
    this.#record = record;
    this.#pool = pool;
    this.#afterClose = afterClose ?? (async () => {});
  }

  async predict(
    inputs: Tensors,
    { signal, batch: most, onProgress }: PredictOptions = {},
  ): Promise<Record<string, Tensor>> {
    const { inputs: signature, outputs, path } = this.description;
    const { rows, fixed } = checkInputs(inputs, signature, path);
    const names = Object.keys(outputs);
    if (rows === null) return await this.#run(mapTensors(inputs, copyOf), names, signal);

    const batches = planBatches({ rows, fixed, most });
    const results = await this.#runAll(batches, {
      signal,
      names,
      onProgress,
      inputsOf: (batch) =>
        mapTensors(inputs, (tensor) => (tensor.shape.length === 0 ? copyOf(tensor) : rowsOf(tensor, batch))),
    });
    return Object.fromEntries(
      names.map((name) => {
        const parts = batches.map((batch, index) => ({ batch, output: existing(results[index]?.[name]) }));
        return [name, joinRows(name, parts)];
      }),
    );
  }

  classOutput(outputName?: string): ClassOutput {
    return chooseClassOutput(this.description.classOutputs, { path: this.description.path, outputName });
  }

  async classify(
    pixels: Float32Array,
    batch: number,
    { signal, outputName, size }: ClassifyOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    const output = this.classOutput(outputName);
    const input = this.#pictureInput();
    const pictures = { pixels, rows: batch, input, size, path: this.description.path };
    const batches = planBatches({
      rows: batch,
      fixed: input.batch,
      most: Math.ceil(batch / this.#pool.size),
    });
    const results = await this.#runAll(batches, {
      signal,
      names: [output.name],
      inputsOf: (part) => ({ [input.name]: pictureTensor(pictures, part) }),
    });
    const probabilities = new Float32Array(batch * output.classes);
    for (const [index, { start, rows }] of batches.entries()) {
      const scores = numbersOf(existing(results[index]?.[output.name]));
      probabilities.set(toProbabilities(scores, { rows, output, firstRow: start }), start * output.classes);
    }
    return probabilities;
  }

  async close(): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    await this.#afterClose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #pictureInput(): PictureInput {
    if (this.pictureInput !== null) return this.pictureInput;
    const found = Object.entries(this.description.inputs).map(
      ([name, { dataType, shape }]) => `${name}: ${dataType} ${formatShape(shape)}`,
    );
    throw new FieldmarkError(
      "MODEL_INPUT",
      `${this.description.path}: inputs ${found.join("; ")}, expected one of [batch, height, width, 3]`,
    );
  }

  /** Runs the batches on all sessions, two of each waiting, so that memory stays bounded whatever their number. */
  async #runAll(
    batches: readonly Batch[],
    { signal, names, onProgress, inputsOf }: RunAll,
  ): Promise<readonly Tensors[]> {
    const results: Tensors[] = [];
    const remaining = batches.entries();
    let done = 0;
    const work = async () => {
      for (const [index, batch] of remaining) {
        results[index] = await this.#run(inputsOf(batch), names, signal);
        done += batch.rows;
        onProgress?.(done);
      }
    };
    await Promise.all(Array.from({ length: Math.min(batches.length, 2 * this.#pool.size) }, work));
    return results;
  }

  /** @param inputs by the signature's keys, in buffers that may be taken away */
  async #run(inputs: Tensors, names: readonly string[], signal: AbortSignal | undefined) {
    const { inputs: graphInputs, outputs: graphOutputs } = this.#record;
    const feeds: Record<string, Tensor> = {};
    for (const [key, tensor] of Object.entries(inputs)) {
      const value = graphInputs[key];
      // An input that no output depends on is not in the graph.
      if (value !== undefined) feeds[value.name] = convertTensor(tensor, value.dataType);
    }
    const wanted = names.map((key) => existing(graphOutputs[key]).name);
    const outputs = await this.#pool.run(feeds, wanted, { signal, transfer: buffersOf(feeds) });
    return Object.fromEntries(
      names.map((key, index) => {
        const { dataType } = existing(this.description.outputs[key]);
        return [key, convertTensor(existing(outputs[wanted[index] ?? ""]), dataType)];
      }),
    );
  }
}

function mapTensors(tensors: Tensors, change: (tensor: Tensor) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
}

function copyOf({ dataType, shape, data }: Tensor): Tensor {
  return { dataType, shape, data: data.slice() as Tensor["data"] };
}

function buffersOf(tensors: Tensors): ArrayBuffer[] {
  const buffers = Object.values(tensors).flatMap(({ data }) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
  return [...new Set(buffers)];
}

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("an import without a value that its signature has");
  return value;
}
