import { findClassOutputs } from "./class-output.ts";
import type { ReadModel } from "./formats/read-saved-model.ts";
import type { Graph, NamedValue, ValueType } from "./graph/graph.ts";
import type { ModelDescription } from "./model.ts";
import { recognisePreprocessing } from "./preprocessing/recognise.ts";
import type { SourceModel } from "./source-model.ts";
import type { Tensor } from "./tensor.ts";

/** A value of the ONNX graph that a key of the signature stands for. */
interface GraphValue extends ValueType {
  readonly name: string;
}

/** Everything about an import but the ONNX files; plain JSON, kept in the cache. */
export interface ImportRecord {
  readonly description: Omit<ModelDescription, "path">;
  /** By the signature's keys. Their types are the graph's, which may compute in float32 what is stated as float64. */
  readonly inputs: Readonly<Record<string, GraphValue>>;
  readonly outputs: Readonly<Record<string, GraphValue>>;
  /** The file or folder that was imported; others may have the same bytes. */
  readonly importedFrom: string;
}

export interface ImportedModel {
  readonly path: string;
  readonly read: ReadModel;
  /** ONNX ops, made of `read.source`. */
  readonly graph: Graph;
}

export function importRecord({ path, read, graph }: ImportedModel): ImportRecord {
  const { source, digest, notes } = read;
  const { format, producer, signatures, signature, classNames } = source;
  return {
    description: {
      format,
      producer,
      digest,
      signatures,
      signature: signature.name,
      inputs: signature.inputs,
      outputs: signature.outputs,
      opCounts: countOps(source.graph),
      parameters: countParameters(source),
      classNames,
      preprocessing: recognisePreprocessing(source.graph),
      preprocessingFile: preprocessingFile(read.files),
      classOutputs: findClassOutputs(graph),
      notes,
    },
    inputs: byKey(graph.inputs),
    outputs: byKey(graph.outputs),
    importedFrom: path,
  };
}

function byKey(values: readonly NamedValue[]): Readonly<Record<string, GraphValue>> {
  return Object.fromEntries(values.map(({ key, name, dataType, shape }) => [key, { name, dataType, shape }]));
}

/** Counts by op, the most frequent first. */
function countOps({ nodes }: Graph): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

function countParameters({ graph }: SourceModel): number {
  const seen = new Set<Tensor["data"]>();
  let count = 0;
  for (const { dataType, data } of graph.constants.values()) {
    if (!/float/.test(dataType) || seen.has(data)) continue;
    seen.add(data);
    count += data.length;
  }
  return count;
}

/** The one nearest to the root. */
function preprocessingFile(files: ReadModel["files"]): ModelDescription["preprocessingFile"] {
  const found = [...files].filter(([path]) => /(?:^|\/)preprocessing\.json$/.test(path));
  const [nearest] = found.sort(([a], [b]) => a.split("/").length - b.split("/").length);
  if (nearest === undefined) return null;
  const [path, content] = nearest;
  return { path, text: new TextDecoder().decode(content) };
}
