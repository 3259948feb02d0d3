import { FieldmarkError } from "@fieldmark/contract";
import type { ValueType } from "../../graph/graph.ts";
import type { Signature } from "../../source-model.ts";
import { dataTypeName, dataTypeOf } from "./data-types.ts";
import {
  META_GRAPH,
  META_GRAPH_TAGS,
  type MetaGraph,
  SAVED_MODEL,
  type SignatureDef,
  type TensorInfo,
  type TensorShape,
} from "./messages.ts";
import { decode } from "./wire.ts";

/** What TensorFlow adds to run initialisers: no signature to predict with. */
const INIT_OP = "__saved_model_init_op";

/** The MetaGraphDef for serving. @throws MODEL_BROKEN when there is none */
export function servingMetaGraph(file: Uint8Array, place: string): MetaGraph {
  const { metaGraphs } = decode(SAVED_MODEL, file, place);
  const tags = Array.from(metaGraphs, (bytes) => decode(META_GRAPH_TAGS, bytes, place).info?.tags ?? []);
  const index = tags.findIndex((list) => list.includes("serve"));
  const bytes = metaGraphs.at(index);
  if (bytes === undefined) {
    const found = tags.map((list) => `[${list.join(", ")}]`).join(", ") || "no graphs";
    throw new FieldmarkError("MODEL_BROKEN", `${place}: no graph is tagged "serve"; found ${found}`);
  }
  return decode(META_GRAPH, bytes, place);
}

/** The signatures one can predict with, in the file's order. */
export function usableSignatures(metaGraph: MetaGraph): ReadonlyMap<string, SignatureDef> {
  return new Map(
    [...metaGraph.signatures].filter(
      ([name, { outputs }]) => name !== INIT_OP && [...outputs.values()].some(({ name: tensor }) => tensor),
    ),
  );
}

/**
 * The signature to read, by name.
 * @param wanted what the user said
 * @param names those there are
 * @param fallbacks which to take when the user said nothing, the best first
 * @throws MODEL_SIGNATURE listing the signatures there are
 */
export function chooseSignature(
  wanted: string | undefined,
  names: readonly string[],
  { fallbacks, place }: { readonly fallbacks: readonly string[]; readonly place: string },
): string {
  const name = wanted === undefined ? fallbacks.find((fallback) => names.includes(fallback)) : wanted;
  if (name !== undefined && names.includes(name)) return name;
  const found =
    names.length === 0 ? "it has none" : `it has ${names.map((other) => `"${other}"`).join(", ")}`;
  const missing = wanted ?? fallbacks[0] ?? "";
  throw new FieldmarkError("MODEL_SIGNATURE", `${place}: no signature is named "${missing}"; ${found}`, {
    signatures: names,
  });
}

/** A signature as people see it. Inputs and outputs of types that no tensor here has are left out. */
export function describeSignature(name: string, { inputs, outputs }: SignatureDef): Signature {
  return { name, inputs: valueTypes(inputs), outputs: valueTypes(outputs) };
}

function valueTypes(tensors: ReadonlyMap<string, TensorInfo>): Record<string, ValueType> {
  const types: Record<string, ValueType> = Object.create(null);
  for (const [key, info] of tensors) {
    const dataType = dataTypeOf(info.dtype ?? 0);
    if (dataType !== null) types[key] = { dataType, shape: shapeOf(info.shape) };
  }
  return types;
}

/** Type of one tensor of the chosen signature. @throws MODEL_SIGNATURE for sparse, ragged and other kinds */
export function valueType(key: string, info: TensorInfo, place: string): ValueType {
  const dataType = dataTypeOf(info.dtype ?? 0);
  if (dataType !== null && info.name) return { dataType, shape: shapeOf(info.shape) };
  const found = info.name ? dataTypeName(info.dtype ?? 0) : "sparse or composite";
  throw new FieldmarkError(
    "MODEL_SIGNATURE",
    `${place}: "${key}" is ${found}, expected a dense tensor of numbers or strings`,
  );
}

/** A shape with null for the sizes that are known only at run time. */
export const shapeOf = (shape: TensorShape | undefined): ValueType["shape"] =>
  shape === undefined || shape.unknownRank ? null : shape.dim.map(({ size = 0 }) => (size < 0 ? null : size));
