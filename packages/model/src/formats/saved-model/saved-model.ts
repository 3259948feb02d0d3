import { FieldmarkError } from "@fieldmark/contract";
import type { Graph, NamedValue, Node, ValueType } from "../../graph/graph.ts";
import type { Signature, SourceModel } from "../../source-model.ts";
import type { Tensor } from "../../tensor.ts";
import { attribute, decodeAttributes } from "./attributes.ts";
import { findClassNames } from "./class-names.ts";
import { exportedFunctions, flattenExported, functionTypes } from "./exported-functions.ts";
import { type ConstantSource, FlatGraph, type FlatNode } from "./flat-graph.ts";
import { type FlattenOptions, flatten } from "./flatten.ts";
import { type GraphDefReader, readGraphDef } from "./graph-def.ts";
import type { MetaGraph, SignatureDef } from "./messages.ts";
import { type ObjectGraph, objectVariables, readObjectGraph } from "./object-graph.ts";
import { prune } from "./prune.ts";
import { refuseRandom } from "./random-ops.ts";
import { restoredVariables } from "./restored-variables.ts";
import {
  chooseSignature,
  describeSignature,
  servingMetaGraph,
  usableSignatures,
  valueType,
} from "./signatures.ts";
import { openTensorBundle, type TensorBundle } from "./tensor-bundle.ts";
import { decodeTensorProto, type ExpansionBudget, elementCount, stringElements } from "./tensor-proto.ts";

/** Bytes to which constants that repeat one value may grow, together. */
const EXPANSION_BYTES = 1024 ** 3;
/** Constants that may decide a branch are small; no other is decoded before it is known to be needed. */
const SCALAR_BYTES = 1024;
const LABELS_BYTES = 1024 ** 2;
const STRING = 7;

export interface SavedModelFiles {
  /** Contents by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The SavedModel's folder inside `files`: "" or with a "/" at its end. */
  readonly folder: string;
  /** The model's name in errors. */
  readonly place: string;
}

/** What the steps below share. */
interface Context {
  readonly place: string;
  readonly graph: GraphDefReader;
  readonly bundle: TensorBundle | null;
  readonly objects: ObjectGraph | null;
  readonly budget: ExpansionBudget;
}

/** A way into the graph: a signature, or an exported function of a model that has none. */
interface Entry {
  readonly signature: Signature;
  readonly flatten: (flat: FlatGraph) => Pick<Graph, "inputs" | "outputs">;
}

/**
 * Makes a SourceModel of a SavedModel's files.
 * @param wanted the signature's name; "serving_default" when undefined
 * @throws MODEL_BROKEN, MODEL_SIGNATURE, MODEL_RANDOM, MODEL_OP_UNSUPPORTED (for types no tensor here has)
 */
export function readSavedModelFiles(source: SavedModelFiles, wanted: string | undefined): SourceModel {
  const { files, folder, place } = source;
  const file = files.get(`${folder}saved_model.pb`);
  if (file === undefined)
    throw new FieldmarkError("MODEL_BROKEN", `${place}: ${folder}saved_model.pb is missing`);
  const metaGraph = servingMetaGraph(file, `${place}: ${folder}saved_model.pb`);
  const context = openContext(source, metaGraph);
  const { entries, fallbacks } = entriesOf(context, metaGraph);
  const entry = entries.get(chooseSignature(wanted, [...entries.keys()], { fallbacks, place }));
  if (entry === undefined) throw new TypeError("chooseSignature gave a name that is not there");
  const flat = new FlatGraph(context.place);
  const graph = finish(context, flat, entry.flatten(flat));
  return {
    format: "TensorFlow SavedModel",
    producer: `TensorFlow ${metaGraph.info?.tensorflowVersion ?? "of an unknown version"}`,
    signatures: [...entries.values()].map(({ signature }) => signature),
    signature: entry.signature,
    graph,
    classNames: findClassNames({ files, folder, graph, tables: () => tableStrings(context) }),
  };
}

function openContext({ files, folder, place }: SavedModelFiles, metaGraph: MetaGraph): Context {
  const where = `${place}: ${folder}saved_model.pb`;
  const graph = readGraphDef(metaGraph.graph ?? new Uint8Array(0), metaGraph.info?.strippedOpList, where);
  const variables = `${folder}variables/`;
  const bundle = files.has(`${variables}variables.index`) ? openTensorBundle(files, variables, place) : null;
  const objects =
    metaGraph.objectGraph === undefined ? null : readObjectGraph(metaGraph.objectGraph, bundle, where);
  return { place: where, graph, bundle, objects, budget: { bytes: EXPANSION_BYTES } };
}

function entriesOf(
  context: Context,
  metaGraph: MetaGraph,
): { readonly entries: ReadonlyMap<string, Entry>; readonly fallbacks: readonly string[] } {
  const { place, graph, objects } = context;
  const signatures = usableSignatures(metaGraph);
  const options = flattenOptions(context);
  if (signatures.size > 0 || objects === null) {
    const entries = [...signatures].map(([name, definition]): [string, Entry] => {
      const signature = describeSignature(name, definition);
      return [name, { signature, flatten: (flat) => flattenSignature(context, flat, definition, options) }];
    });
    return { entries: new Map(entries), fallbacks: ["serving_default"] };
  }
  const functions = exportedFunctions(objects, graph);
  const entries = [...functions].map(([name, exported]): [string, Entry] => {
    const signature = { name, ...functionTypes(exported, place) };
    return [
      name,
      { signature, flatten: (flat) => flattenExported(exported, { graph, objects, flat, options }) },
    ];
  });
  const only = functions.size === 1 ? [...functions.keys()] : [];
  return { entries: new Map(entries), fallbacks: ["serving_default", "serve", "__call__", ...only] };
}

function flattenOptions(context: Context): FlattenOptions {
  return {
    place: context.place,
    fed: new Map(),
    variable: variableSource(context),
    scalarConstant: (source) => scalarConstant(context, source),
  };
}

function variableSource({ bundle, objects, graph, place }: Context): FlattenOptions["variable"] {
  if (bundle === null) return () => ({ kind: "missing", why: "there is no variables/variables.index" });
  if (objects === null) return restoredVariables(graph, bundle, place);
  return objectVariables(graph, objects, bundle, place);
}

function flattenSignature(
  { place, graph }: Context,
  flat: FlatGraph,
  definition: SignatureDef,
  options: FlattenOptions,
): Pick<Graph, "inputs" | "outputs"> {
  const inputs = [...definition.inputs].map(([key, info]) => {
    const tensor = tensorName(info.name ?? "");
    return {
      tensor,
      value: namedValue(key, flat.reserve(tensor.replace(/:0$/, ""), ""), valueType(key, info, place)),
    };
  });
  const wanted = [...definition.outputs].map(([key, info]) => ({
    key,
    info,
    type: valueType(key, info, place),
  }));
  const fed = new Map(inputs.map(({ tensor, value }) => [tensor, value.name]));
  const tensors = wanted.map(({ info }) => info.name ?? "");
  const values = flatten(graph, flat, tensors, { ...options, fed });
  const outputs = wanted.map(({ key, type }, i) => namedValue(key, values[i] ?? "", type));
  return { inputs: inputs.map(({ value }) => value), outputs };
}

const tensorName = (name: string): string => (name.includes(":") ? name : `${name}:0`);

const namedValue = (key: string, name: string, type: ValueType): NamedValue => ({ key, name, ...type });

/** Keeps what the outputs need and reads its constants and attributes. */
function finish(context: Context, flat: FlatGraph, ends: Pick<Graph, "inputs" | "outputs">): Graph {
  const { nodes, sources } = prune(
    flat,
    ends.outputs.map(({ name }) => name),
  );
  refuseRandom(nodes, context.graph, context.place);
  refuseUnfed(nodes, context.place);
  refuseChanging(flat, sources, context.place);
  const constants = new Map<string, Tensor>();
  for (const name of sources) {
    const source = flat.constants.get(name);
    if (source !== undefined) constants.set(name, constantTensor(context, name, source));
  }
  return { ...ends, nodes: nodes.map((node) => finishNode(context, node)), constants };
}

function finishNode(
  { place, budget }: Context,
  { name, op, inputs, outputs, attributes, caller }: FlatNode,
): Node {
  const where = `${place}: node "${name}" (${op})`;
  return { name, op, inputs, outputs, attributes: decodeAttributes(attributes, where, { caller, budget }) };
}

function refuseUnfed(nodes: readonly FlatNode[], place: string): void {
  const unfed = nodes.filter(({ op }) => op === "Placeholder").map(({ name }) => name);
  if (unfed.length === 0) return;
  throw new FieldmarkError(
    "MODEL_BROKEN",
    `${place}: the outputs depend on ${unfed.map((name) => `"${name}"`).join(", ")}, which the signature does not feed`,
  );
}

/** Lists of strings at the top of the graph: what lookup tables are filled from. */
function tableStrings({ graph, place }: Context): readonly (readonly string[])[] {
  return [...graph.nodes.values()].flatMap(({ op, attributes }) => {
    if (op !== "Const" || attribute(attributes, "dtype", place)?.type !== STRING) return [];
    const bytes = attribute(attributes, "value", place)?.tensor;
    const tensor = bytes === undefined ? null : decodeTensorProto(bytes, place, { bytes: LABELS_BYTES });
    return tensor?.shape.length === 1 ? [stringElements(tensor)] : [];
  });
}

function refuseChanging(flat: FlatGraph, sources: ReadonlySet<string>, place: string): void {
  const changing = [...flat.assigned].filter((name) => sources.has(name));
  if (changing.length === 0) return;
  throw new FieldmarkError(
    "MODEL_OP_UNSUPPORTED",
    `${place}: the signature changes variables that its outputs depend on, so that each run would differ: ` +
      changing.map((name) => `"${name}"`).join(", "),
  );
}

function constantTensor({ place, bundle, budget }: Context, name: string, source: ConstantSource): Tensor {
  const missing = (why: string): FieldmarkError =>
    new FieldmarkError("MODEL_BROKEN", `${place}: the variable "${name}" has no value: ${why}`);
  if (source.kind === "tensor") return source.tensor;
  if (source.kind === "const") return decodeTensorProto(source.bytes, `${place}: constant "${name}"`, budget);
  if (source.kind === "missing") throw missing(source.why);
  if (bundle === null) throw missing("there is no variables/variables.index");
  return bundle.read(source.key, source.box);
}

function scalarConstant(context: Context, source: ConstantSource): number | undefined {
  const small =
    (source.kind === "const" && source.bytes.length <= SCALAR_BYTES) ||
    (source.kind === "variable" && (context.bundle?.byteLength(source.key) ?? 0) <= SCALAR_BYTES);
  if (!small && source.kind !== "tensor") return undefined;
  if (source.kind === "variable" && context.bundle?.has(source.key) !== true) return undefined;
  const { dataType, shape, data } = constantTensor(
    { ...context, budget: { bytes: SCALAR_BYTES } },
    "condition",
    source,
  );
  const [value] = data;
  const isNumber = dataType !== "string" && dataType !== "float16" && dataType !== "bfloat16";
  return isNumber && elementCount(shape) === 1 && value !== undefined ? Number(value) : undefined;
}
