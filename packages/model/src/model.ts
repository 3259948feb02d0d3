import type { ValueType } from "./graph/graph.ts";
import type { PictureInput } from "./picture-input.ts";
import type { Signature } from "./source-model.ts";
import type { Tensor } from "./tensor.ts";

/** What the class scores of the chosen output are, found from the graph, never guessed. */
export type OutputKind =
  /** Rows sum to 1: used as they are. */
  | "probabilities"
  /** Unbounded scores: softmax is applied. */
  | "logits"
  /** One value in [0, 1]: the probability of the second of two classes. */
  | "sigmoid"
  /** One unbounded value: sigmoid is applied, then as above. */
  | "sigmoid-logit";

/** Everything known of a loaded model; plain JSON, written into reports and the cache. */
export interface ModelDescription {
  readonly path: string;
  readonly format: string;
  readonly producer: string;
  /** "sha256:<hex>" of the archive's bytes, or of the folder's files in order of their names. */
  readonly digest: string;
  readonly signatures: readonly Signature[];
  readonly signature: string;
  readonly inputs: Readonly<Record<string, ValueType>>;
  readonly outputs: Readonly<Record<string, ValueType>>;
  /** Ops of the model as saved (TensorFlow's names), with their counts. */
  readonly opCounts: Readonly<Record<string, number>>;
  /** Elements of all frozen variables and floating-point constants that the signature reads. */
  readonly parameters: number;
  readonly classNames: readonly string[] | null;
  /** Preprocessing recognised from the arithmetic that the graph starts with, or from the names of its layers. */
  readonly preprocessing: RecognisedPreprocessing | null;
  /** The preprocessing.json that came in the model's folder or archive, unread. */
  readonly preprocessingFile: { readonly path: string; readonly text: string } | null;
  /** Of every output, in the signature's order: the class scores it holds, or why it holds none. */
  readonly classOutputs: readonly OutputFinding[];
  /** What was decided while loading, in sentences: which of several versions was taken, that no cache can be used, … */
  readonly notes: readonly string[];
}

/** A recipe that the model itself shows, and what shows it. */
export interface RecognisedPreprocessing {
  /** Name of a recipe of the imaging package. */
  readonly name: string;
  readonly reason: string;
}

/** The output that holds class scores, and how it becomes probabilities. */
export interface ClassOutput {
  readonly name: string;
  readonly kind: OutputKind;
  /** Why: "the output is made by Softmax", … */
  readonly reason: string;
  /** Columns of the probabilities (2 for a sigmoid). */
  readonly classes: number;
}

/** What the graph tells of one output: class scores, or why it cannot be them. */
export type OutputFinding =
  | ({ readonly found: true } & ClassOutput)
  | { readonly found: false; readonly name: string; readonly reason: string };

/** A loaded model; inference runs in a worker thread. Close it, or open it with `await using`. */
export interface Model extends AsyncDisposable {
  readonly description: ModelDescription;
  /** True when the import came from the cache. */
  readonly cached: boolean;
  /** Folder of this import in the cache, where notes about it may be kept; null when caching is off. */
  readonly cacheEntry: string | null;
  /** The input that takes pictures; null when the signature has none, or several inputs. */
  readonly pictureInput: PictureInput | null;
  /**
   * Runs raw tensors through the signature.
   * Rows are split or padded to a fixed batch size where the model has one.
   * @throws MODEL_INPUT when a name, dtype or shape is not the signature's; MODEL_RUN when the model fails on them
   */
  predict(
    inputs: Readonly<Record<string, Tensor>>,
    options?: PredictOptions,
  ): Promise<Record<string, Tensor>>;
  /**
   * The output that holds class scores.
   * @throws MODEL_OUTPUT when none or several could, listing them
   */
  classOutput(outputName?: string): ClassOutput;
  /**
   * Probabilities of a batch of pictures.
   * Pixels are rearranged for a model that wants [batch, 3, height, width], and rounded for one that takes integers.
   * @param pixels float32 [batch, height, width, 3], already preprocessed
   * @returns float32 [batch, classes], row-major; every row is finite and sums to 1
   * @throws MODEL_INPUT, MODEL_OUTPUT, MODEL_RUN (naming the row)
   */
  classify(
    pixels: Float32Array,
    batch: number,
    options?: ClassifyOptions,
  ): Promise<Float32Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export interface PredictOptions {
  readonly signal?: AbortSignal;
  /** Rows a run; default: all at once. */
  readonly batch?: number;
  /** Called after each run with the rows done so far. */
  readonly onProgress?: (rows: number) => void;
}

export interface ClassifyOptions {
  readonly signal?: AbortSignal;
  readonly outputName?: string;
  /** Pixels of the pictures where the model leaves them open; a square is assumed without it. */
  readonly size?: { readonly height: number; readonly width: number };
}
