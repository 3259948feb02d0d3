export type { ValueType } from "./graph/graph.ts";
export type { LoadStep } from "./import-messages.ts";
export { type LoadOptions, loadModel } from "./load-model.ts";
export type {
  ClassifyOptions,
  ClassOutput,
  Model,
  ModelDescription,
  OutputKind,
  PredictOptions,
  RecognisedPreprocessing,
} from "./model.ts";
export { type ReadNpyOptions, readNpy, writeNpy } from "./npy/npy-file.ts";
export type { PictureInput } from "./picture-input.ts";
export type { Signature } from "./source-model.ts";
export type { DataType, Tensor, TensorData } from "./tensor.ts";
