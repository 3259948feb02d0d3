export { defaultCacheFolder } from "./cache/cache-folder.ts";
export { type CachedImport, cachedImports, clearImports } from "./cache/cached-imports.ts";
export { formatShape } from "./format-shape.ts";
export type { ValueType } from "./graph/graph.ts";
export type { LoadStep } from "./import-messages.ts";
export { type LoadOptions, loadModel } from "./load-model.ts";
export type {
  ClassifyOptions,
  ClassOutput,
  Model,
  ModelDescription,
  OutputFinding,
  OutputKind,
  PredictOptions,
  RecognisedPreprocessing,
} from "./model.ts";
export { formatNpyHeader, type NpyHeader } from "./npy/header.ts";
export { type ReadNpyOptions, readNpy, writeNpy } from "./npy/npy-file.ts";
export type { PictureInput } from "./picture-input.ts";
export type { Signature } from "./source-model.ts";
export type { DataType, Tensor, TensorData } from "./tensor.ts";
