import type { NamedValue, ValueType } from "../../graph/graph.ts";
import { attribute } from "./attributes.ts";
import { dataTypeOf } from "./data-types.ts";
import type { ConstantSource, FlatGraph } from "./flat-graph.ts";
import { type FlattenOptions, flattenFunction } from "./flatten.ts";
import type { FunctionBody, GraphDefReader } from "./graph-def.ts";
import { ATTR_LIST, TENSOR_SHAPE } from "./messages.ts";
import type { ObjectGraph } from "./object-graph.ts";
import { shapeOf } from "./signatures.ts";
import { decode } from "./wire.ts";

/** A function that a model without signatures exports: the next best thing to one. */
export interface ExportedFunction {
  readonly body: FunctionBody;
  /** Ids of the objects that its last parameters stand for. */
  readonly bound: readonly number[];
}

const ROOT = 0;

/** The functions of the saved object that were traced once, so that it is clear what they take, by name. */
export function exportedFunctions(
  objects: ObjectGraph,
  graph: GraphDefReader,
): ReadonlyMap<string, ExportedFunction> {
  const found = new Map<string, ExportedFunction>();
  for (const { nodeId = 0, localName = "" } of objects.object(ROOT)?.children ?? []) {
    const traces = objects.object(nodeId)?.function?.concreteFunctions ?? [];
    const [name] = traces;
    const bound = name === undefined ? undefined : objects.boundInputs(name);
    if (name === undefined || traces.length > 1 || bound === undefined || !graph.has(name)) continue;
    found.set(localName, { body: graph.body(name), bound });
  }
  return found;
}

/** What a function takes and gives; its results have no names, so they are output_0, output_1, … */
export function functionTypes(
  { body, bound }: ExportedFunction,
  place: string,
): {
  readonly inputs: Readonly<Record<string, ValueType>>;
  readonly outputs: Readonly<Record<string, ValueType>>;
} {
  const inputs: Record<string, ValueType> = Object.create(null);
  for (const parameter of body.parameters.slice(0, body.parameters.length - bound.length)) {
    const dataType = dataTypeOf(parameter.dtype);
    const shapes = attribute(parameter.attributes, "_output_shapes", place)?.list;
    const [shape] = shapes === undefined ? [] : decode(ATTR_LIST, shapes, place).shape;
    const given = attribute(parameter.attributes, "_user_specified_name", place)?.s;
    const key = given === undefined ? parameter.name : Buffer.from(given).toString("utf8");
    if (dataType === null) continue;
    inputs[key] = {
      dataType,
      shape: shape === undefined ? null : shapeOf(decode(TENSOR_SHAPE, shape, place)),
    };
  }
  const outputs: Record<string, ValueType> = Object.create(null);
  for (const [i, { dtype }] of body.results.entries()) {
    const dataType = dataTypeOf(dtype);
    if (dataType !== null) outputs[`output_${i}`] = { dataType, shape: null };
  }
  return { inputs, outputs };
}

export interface FlattenExportedOptions {
  readonly graph: GraphDefReader;
  readonly objects: ObjectGraph;
  readonly flat: FlatGraph;
  readonly options: FlattenOptions;
}

/** Inlines an exported function. @returns the graph's inputs and outputs */
export function flattenExported(
  exported: ExportedFunction,
  { graph, objects, flat, options }: FlattenExportedOptions,
): { readonly inputs: readonly NamedValue[]; readonly outputs: readonly NamedValue[] } {
  const { body, bound } = exported;
  const types = functionTypes(exported, options.place);
  const inputs = Object.entries(types.inputs).map(([key, type]) => ({
    key,
    name: flat.reserve(key, ""),
    ...type,
  }));
  const captured = bound.map((id) =>
    flat.addConstant(`captured/${id}`, "", capturedSource(id, graph, objects, options)),
  );
  const values = flattenFunction(
    graph,
    flat,
    body,
    [...inputs.map(({ name }) => name), ...captured],
    options,
  );
  const outputs = Object.entries(types.outputs).map(([key, type], i) => ({
    key,
    name: values[i] ?? "",
    ...type,
  }));
  return { inputs, outputs };
}

function capturedSource(
  id: number,
  graph: GraphDefReader,
  objects: ObjectGraph,
  { place }: FlattenOptions,
): ConstantSource {
  const key = objects.checkpointKey(id);
  if (key !== undefined) return { kind: "variable", key };
  const node = graph.nodes.get(objects.object(id)?.constant?.operation ?? "");
  const bytes = node?.op === "Const" ? attribute(node.attributes, "value", place)?.tensor : undefined;
  if (bytes !== undefined) return { kind: "const", bytes };
  return { kind: "missing", why: `object ${id} is neither a variable nor a constant` };
}
