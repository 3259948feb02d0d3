import { FieldmarkError } from "@fieldmark/contract";
import type { RawAttributes } from "./attributes.ts";
import {
  FUNCTION_DEF,
  FUNCTION_LIBRARY,
  FUNCTION_NAME,
  GRAPH_DEF,
  NODE_DEF,
  OP_DEF,
  OP_LIST,
  OP_NAME,
  type OpDef,
} from "./messages.ts";
import { decode } from "./wire.ts";

/** A node as the file has it; attributes still as bytes. */
export interface RawNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs as written: "node", "node:1" at the top, "arg" or "node:output:0" in a function. */
  readonly inputs: readonly string[];
  /** Names of the nodes that must run before. */
  readonly controls: readonly string[];
  readonly attributes: RawAttributes;
}

export type NodesByName = ReadonlyMap<string, RawNode>;

interface Parameter {
  readonly name: string;
  readonly dtype: number;
  readonly attributes: RawAttributes;
}

interface Result {
  readonly name: string;
  readonly dtype: number;
  /** What it is, as nodes of the function write their inputs. */
  readonly input: string;
}

/** A function of the library, its nodes decoded when it was first asked for. */
export interface FunctionBody {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly results: readonly Result[];
  readonly nodes: NodesByName;
}

/** A GraphDef read lazily: of its function library only the names, until a function is reached. */
export interface GraphDefReader {
  readonly nodes: NodesByName;
  has(functionName: string): boolean;
  /** @throws MODEL_BROKEN when the library has no such function */
  body(functionName: string): FunctionBody;
  /** What the file says of an op's outputs; undefined when it says nothing. */
  opDef(op: string): OpDef | undefined;
}

/** @param opList the MetaGraphDef's list of the ops it uses, which names their outputs */
export function readGraphDef(
  bytes: Uint8Array,
  opList: Uint8Array | undefined,
  place: string,
): GraphDefReader {
  const graph = decode(GRAPH_DEF, bytes, place);
  const nodes = nodesByName(graph.node, place);
  const functions = new Map<string, Uint8Array>();
  const library = graph.library === undefined ? [] : decode(FUNCTION_LIBRARY, graph.library, place).function;
  for (const view of library) functions.set(decode(FUNCTION_NAME, view, place).signature?.name ?? "", view);
  const ops = new Map<string, Uint8Array>();
  for (const view of opList === undefined ? [] : decode(OP_LIST, opList, place).op) {
    ops.set(decode(OP_NAME, view, place).name ?? "", view);
  }
  const bodies = new Map<string, FunctionBody>();
  const opDefs = new Map<string, OpDef>();
  return {
    nodes,
    has: (name) => functions.has(name),
    body: (name) => cached(bodies, name, () => readFunction(name, functions.get(name), place)),
    opDef: (op) => {
      const view = ops.get(op);
      return view === undefined ? undefined : cached(opDefs, op, () => decode(OP_DEF, view, place));
    },
  };
}

function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const found = cache.get(key) ?? make();
  cache.set(key, found);
  return found;
}

function readFunction(name: string, bytes: Uint8Array | undefined, place: string): FunctionBody {
  if (bytes === undefined) {
    throw new FieldmarkError("MODEL_BROKEN", `${place}: the function "${name}" is called but not there`);
  }
  const where = `${place}: function "${name}"`;
  const { signature, node, ret, argAttr } = decode(FUNCTION_DEF, bytes, where);
  const results = (signature?.outputArg ?? []).map(({ name: output = "", type: dtype = 0 }) => {
    const input = ret.get(output);
    if (input === undefined)
      throw new FieldmarkError("MODEL_BROKEN", `${where} does not say what "${output}" is`);
    return { name: output, dtype, input };
  });
  const attributes = new Map(argAttr.map(({ index = 0, attrs }) => [index, attrs?.attr]));
  const parameters = (signature?.inputArg ?? []).map(({ name: parameter = "", type: dtype = 0 }, i) => ({
    name: parameter,
    dtype,
    attributes: attributes.get(i) ?? new Map(),
  }));
  return { name, parameters, results, nodes: nodesByName(node, where) };
}

function nodesByName(views: Iterable<Uint8Array>, place: string): NodesByName {
  const nodes = new Map<string, RawNode>();
  for (const view of views) {
    const { name = "", op = "", input, attr } = decode(NODE_DEF, view, place);
    if (nodes.has(name)) throw new FieldmarkError("MODEL_BROKEN", `${place}: two nodes are named "${name}"`);
    const controls = input.filter((text) => text.startsWith("^")).map((text) => text.slice(1));
    const inputs = controls.length === 0 ? input : input.filter((text) => !text.startsWith("^"));
    nodes.set(name, { name, op, inputs, controls, attributes: attr });
  }
  return nodes;
}
