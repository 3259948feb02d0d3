import { FieldmarkError } from "@fieldmark/contract";
import { attribute, functionReference } from "./attributes.ts";
import type { ConstantSource } from "./flat-graph.ts";
import type { GraphDefReader, RawNode } from "./graph-def.ts";
import {
  CONCRETE_FUNCTION,
  OBJECT_GRAPH,
  SAVED_OBJECT,
  TRACKABLE_GRAPH,
  TRACKABLE_OBJECT,
} from "./messages.ts";
import type { TensorBundle } from "./tensor-bundle.ts";
import { decode, type MessageOf } from "./wire.ts";

const CHECKPOINT_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH";

/** The objects of a TensorFlow 2 SavedModel, decoded one by one as they are asked for. */
export interface ObjectGraph {
  /** Ids of the objects that a function captures: its last parameters, in order; undefined for other functions. */
  boundInputs(functionName: string): readonly number[] | undefined;
  object(id: number): MessageOf<typeof SAVED_OBJECT> | undefined;
  /** Key under which the variables file keeps the variable of this id. */
  checkpointKey(id: number): string | undefined;
  /** The keys of the variables whose full name this is. */
  keysOfName(fullName: string): readonly string[];
}

export function readObjectGraph(bytes: Uint8Array, bundle: TensorBundle | null, place: string): ObjectGraph {
  const graph = decode(OBJECT_GRAPH, bytes, place);
  const saved = bundle?.has(CHECKPOINT_OBJECTS) ? bundle.read(CHECKPOINT_OBJECTS).data[0] : undefined;
  const tracked = saved instanceof Uint8Array ? decode(TRACKABLE_GRAPH, saved, place).nodes : null;
  const value = (view: Uint8Array): MessageOf<typeof TRACKABLE_OBJECT>["attributes"][number] | undefined =>
    decode(TRACKABLE_OBJECT, view, place).attributes.find(({ name }) => name === "VARIABLE_VALUE");
  let names: Map<string, string[]> | undefined;
  return {
    boundInputs: (name) => {
      const view = graph.concreteFunctions.get(name);
      return view === undefined ? undefined : decode(CONCRETE_FUNCTION, view, place).boundInputs;
    },
    object: (id) => {
      const view = graph.nodes.at(id);
      return view === undefined ? undefined : decode(SAVED_OBJECT, view, place);
    },
    checkpointKey: (id) => {
      const view = tracked?.at(id);
      return view === undefined ? undefined : value(view)?.checkpointKey;
    },
    keysOfName: (fullName) => {
      names ??= namesToKeys([...(tracked ?? [])].flatMap((view) => value(view) ?? []));
      return names.get(fullName) ?? [];
    },
  };
}

function namesToKeys(
  tensors: readonly { readonly fullName: string | undefined; readonly checkpointKey: string | undefined }[],
): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { fullName = "", checkpointKey = "" } of tensors) {
    const known = keys.get(fullName);
    if (known === undefined) keys.set(fullName, [checkpointKey]);
    else known.push(checkpointKey);
  }
  return keys;
}

/**
 * Finds the stored value of each variable handle of a TensorFlow 2 graph.
 * What a call hands to a function as its last inputs are the objects that the function captured, in order; their
 * ids are the same in the variables file. (Names prove nothing: Keras 3 stores each variable twice under one.)
 */
export function objectVariables(
  graph: GraphDefReader,
  objects: ObjectGraph,
  bundle: TensorBundle,
  place: string,
): (node: RawNode) => ConstantSource {
  const ids = boundHandles(graph, objects, place);
  return (node) => {
    const id = ids.get(node.name);
    const key = id === undefined ? undefined : objects.checkpointKey(id);
    if (key !== undefined) return { kind: "variable", key };
    const shared = attribute(node.attributes, "shared_name", place)?.s;
    const name = shared === undefined ? node.name : Buffer.from(shared).toString("utf8");
    const keys = objects.keysOfName(name);
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return { kind: "variable", key: only };
    if (bundle.has(name)) return { kind: "variable", key: name };
    const found = keys.length === 0 ? "none" : `${keys.length}`;
    return { kind: "missing", why: `${found} of the stored variables is "${name}"` };
  };
}

function boundHandles(
  graph: GraphDefReader,
  objects: ObjectGraph,
  place: string,
): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const node of graph.nodes.values()) {
    if (node.op !== "StatefulPartitionedCall" && node.op !== "PartitionedCall") continue;
    const name = functionReference(node.attributes, "f", place)?.name;
    const bound = name === undefined ? undefined : objects.boundInputs(name);
    if (bound === undefined) continue;
    const first = node.inputs.length - bound.length;
    if (first < 0) {
      throw new FieldmarkError(
        "MODEL_BROKEN",
        `${place}: "${node.name}" has ${node.inputs.length} inputs, expected at least ${bound.length}`,
      );
    }
    for (const [i, id] of bound.entries()) {
      const handle = node.inputs[first + i]?.split(":", 1)[0] ?? "";
      if (!ids.has(handle)) ids.set(handle, id);
    }
  }
  return ids;
}
