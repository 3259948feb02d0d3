import { FieldmarkError } from "@fieldmark/contract";
import { attribute, functionReference, type RawAttributes } from "./attributes.ts";
import { BACK_EDGES, evaluateScalar, TAKES_DEAD_INPUTS } from "./control-flow.ts";
import type { ConstantSource, FlatGraph, FlatNode } from "./flat-graph.ts";
import type { Expansion, Flattening, Rule, Scope, Value } from "./flattening.ts";
import type { FunctionBody, GraphDefReader, RawNode } from "./graph-def.ts";
import { ATTR_LIST, NAME_ATTR_LIST } from "./messages.ts";
import { callByName, keepNode, ruleOf } from "./rules.ts";
import { decode } from "./wire.ts";

const MAX_DEPTH = 100;
const MAX_VISITS = 500_000;

/** Ops that change a variable in place. */
const ASSIGNMENTS = /^(?:Assign.*VariableOp|Resource(?:Scatter|Apply|SparseApply).*)$/;

export interface FlattenOptions {
  /** The model's name in errors. */
  readonly place: string;
  /** Values of the signature's inputs by the tensor they stand for, "node:0". */
  readonly fed: ReadonlyMap<string, string>;
  readonly variable: (node: RawNode) => ConstantSource;
  /** The number of a one-element constant; undefined for any other. */
  readonly scalarConstant: (source: ConstantSource) => number | undefined;
}

/**
 * Expands what the wanted tensors need into one flat graph: functions inlined, variables as constants, branches
 * that a constant decides taken or left out. Nodes come out in topological order.
 * @param flat the graph to fill; the fed values' names are reserved in it already
 * @param wanted tensors of the top-level graph, "node" or "node:1"
 * @returns names of the wanted values
 * @throws MODEL_BROKEN for cycles, functions that call themselves, references to nothing
 */
export function flatten(
  graph: GraphDefReader,
  flat: FlatGraph,
  wanted: readonly string[],
  options: FlattenOptions,
): readonly string[] {
  const flattener = new Flattener(graph, flat, options);
  const scope = topScope(graph, options);
  return flattener.expand(scope, wanted).map((value, i) => {
    if (value !== null) return value;
    throw new FieldmarkError("MODEL_BROKEN", `${options.place}: the output "${wanted[i]}" is never computed`);
  });
}

/** Inlines one function, as a model without signatures needs. @returns its results */
export function flattenFunction(
  graph: GraphDefReader,
  flat: FlatGraph,
  body: FunctionBody,
  inputs: readonly string[],
  options: FlattenOptions,
): readonly string[] {
  const results = new Flattener(graph, flat, options).inline(body, inputs, { path: "", caller: new Map() });
  return results.map((value, i) => {
    if (value !== null) return value;
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${options.place}: result ${i} of "${body.name}" is never computed`,
    );
  });
}

function topScope(graph: GraphDefReader, { place, fed }: FlattenOptions): Scope {
  return {
    nodes: graph.nodes,
    path: "",
    place,
    given: fed,
    isFunction: false,
    caller: new Map(),
    values: new Map(),
    dead: new Set(),
    hasSwitches: hasSwitches(graph.nodes.values()),
  };
}

function hasSwitches(nodes: Iterable<RawNode>): boolean {
  for (const { op } of nodes) if (op === "Switch" || op === "RefSwitch") return true;
  return false;
}

class Flattener implements Flattening {
  readonly graph: GraphDefReader;
  readonly flat: FlatGraph;
  readonly #options: FlattenOptions;
  /** Functions being inlined, outermost first. */
  readonly #calls: string[] = [];
  #visits = 0;

  constructor(graph: GraphDefReader, flat: FlatGraph, options: FlattenOptions) {
    this.graph = graph;
    this.flat = flat;
    this.#options = options;
  }

  get variable(): FlattenOptions["variable"] {
    return this.#options.variable;
  }

  scalar(value: Value): number | undefined {
    return evaluateScalar(value, this.flat, (name) => {
      const source = this.flat.constants.get(name);
      return source === undefined ? undefined : this.#options.scalarConstant(source);
    });
  }

  attribute({ node, scope }: Expansion, name: string): ReturnType<Flattening["attribute"]> {
    return attribute(node.attributes, name, scope.place, scope.caller);
  }

  /** Expands the nodes that `wanted` needs, each after its inputs. An explicit stack: chains are long. */
  expand(scope: Scope, wanted: readonly string[]): readonly Value[] {
    const open = new Set<string>();
    const stack: { readonly node: RawNode; readonly needs: readonly string[]; next: number }[] = [];
    const enter = (name: string): void => {
      const node = scope.nodes.get(name);
      if (node === undefined) throw this.#broken(scope, `there is no node "${name}"`);
      if (open.has(name)) throw this.#broken(scope, `the graph has a cycle through "${name}"`);
      this.#count(scope);
      open.add(name);
      stack.push({ node, needs: this.#needs(scope, node), next: 0 });
    };
    for (const target of this.#nodeNames(scope, wanted)) {
      if (!scope.values.has(target)) enter(target);
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const need = top.needs[top.next];
        top.next += 1;
        if (need === undefined) {
          scope.values.set(top.node.name, this.#expandNode(scope, top.node));
          open.delete(top.node.name);
          stack.pop();
        } else if (!scope.values.has(need)) enter(need);
      }
    }
    return wanted.map((text) => this.#resolve(scope, text));
  }

  #needs(scope: Scope, node: RawNode): readonly string[] {
    if (BACK_EDGES.has(node.op)) return [];
    const names = this.#nodeNames(scope, node.inputs);
    return scope.hasSwitches ? [...names, ...node.controls.filter((name) => scope.nodes.has(name))] : names;
  }

  #nodeNames(scope: Scope, texts: readonly string[]): readonly string[] {
    return texts
      .filter((text) => given(scope, text) === undefined)
      .map((text) => text.split(":", 1)[0] ?? "");
  }

  #expandNode(scope: Scope, node: RawNode): readonly Value[] {
    const inputs = BACK_EDGES.has(node.op) ? [] : node.inputs.map((text) => this.#resolve(scope, text));
    const dead =
      node.controls.some((name) => scope.dead.has(name)) ||
      (inputs.includes(null) && !TAKES_DEAD_INPUTS.has(node.op));
    if (dead) {
      scope.dead.add(node.name);
      return [];
    }
    const rule = this.#rule(node.op);
    return rule(this, { node, scope, inputs });
  }

  #rule(op: string): Rule {
    return ruleOf(op) ?? (this.graph.has(op) ? callByName : keepNode);
  }

  #resolve(scope: Scope, text: string): Value {
    const fed = given(scope, text);
    if (fed !== undefined) return fed;
    const [name = "", ...rest] = text.split(":");
    const values = scope.values.get(name);
    const node = scope.nodes.get(name);
    if (values === undefined || node === undefined) throw this.#broken(scope, `"${text}" refers to no node`);
    if (scope.dead.has(name)) return null;
    const index = scope.isFunction ? this.#outputIndex(scope, node, rest) : Number(rest[0] ?? 0);
    if (index < values.length) return values[index] ?? null;
    return this.#laterOutput(scope, text, values[0] ?? null, index);
  }

  /** An output beyond those that the file states: possible only for a kept op that it says nothing of. */
  #laterOutput(scope: Scope, text: string, first: Value, index: number): string {
    const kept = first === null ? undefined : this.flat.producer(first);
    const known = kept === undefined || this.graph.opDef(kept.op) !== undefined;
    if (known || !Number.isSafeInteger(index) || index < 0) {
      throw this.#broken(scope, `"${text}" refers to an output that its node does not have`);
    }
    this.flat.growOutputs(kept, index + 1);
    return kept.outputs[index] ?? "";
  }

  /** Inside functions an output is "name:index" of the op's definition, where a name may stand for a list. */
  #outputIndex(scope: Scope, node: RawNode, [output = "", index = "0"]: readonly string[]): number {
    if (this.graph.has(node.op)) {
      return this.graph.body(node.op).results.findIndex((result) => result.name === output);
    }
    let offset = 0;
    const outputs = this.graph.opDef(node.op)?.outputArg;
    if (outputs === undefined) return Number(index);
    for (const argument of outputs) {
      if (argument.name === output) return offset + Number(index);
      offset += this.#argumentLength(scope, node, argument);
    }
    throw this.#broken(scope, `"${node.name}" (${node.op}) has no output "${output}"`);
  }

  #argumentLength(
    scope: Scope,
    node: RawNode,
    argument: { readonly numberAttr: string | undefined; readonly typeListAttr: string | undefined },
  ): number {
    const value = (name: string): ReturnType<typeof attribute> =>
      attribute(node.attributes, name, scope.place, scope.caller);
    if (argument.numberAttr) return Number(value(argument.numberAttr)?.i ?? 1);
    if (!argument.typeListAttr) return 1;
    const list = value(argument.typeListAttr)?.list;
    return list === undefined ? 0 : decode(ATTR_LIST, list, scope.place).type.length;
  }

  keep({ node, scope, inputs }: Expansion): readonly Value[] {
    const names = inputs.map((value) => value ?? "");
    const outputs = this.graph.opDef(node.op)?.outputArg;
    const count = (outputs ?? []).reduce((sum, output) => sum + this.#argumentLength(scope, node, output), 0);
    const { name, op, attributes } = node;
    const added: FlatNode = this.flat.addNode(
      { name, op, inputs: names, attributes, caller: scope.caller },
      outputs === undefined ? 1 : count,
      scope.path,
    );
    return added.outputs;
  }

  call(expansion: Expansion, attributeName: string, inputs: readonly Value[]): readonly Value[] {
    const { node, scope } = expansion;
    const reference = functionReference(node.attributes, attributeName, scope.place);
    return this.callFunction(expansion, reference?.name ?? "", reference?.attr ?? new Map(), inputs);
  }

  callReference(expansion: Expansion, reference: Uint8Array, inputs: readonly Value[]): readonly Value[] {
    const { name = "", attr } = decode(NAME_ATTR_LIST, reference, expansion.scope.place);
    return this.callFunction(expansion, name, attr, inputs);
  }

  callFunction(
    { node, scope }: Expansion,
    name: string,
    caller: RawAttributes,
    inputs: readonly Value[],
  ): readonly Value[] {
    const path = scope.path === "" ? node.name : `${scope.path}/${node.name}`;
    return this.inline(this.graph.body(name), inputs, { path, caller });
  }

  inline(
    body: FunctionBody,
    inputs: readonly Value[],
    { path, caller }: { readonly path: string; readonly caller: RawAttributes },
  ): readonly Value[] {
    const place = `${this.#options.place}: function "${body.name}"`;
    const broken = (found: string): FieldmarkError => new FieldmarkError("MODEL_BROKEN", `${place} ${found}`);
    if (inputs.length !== body.parameters.length) {
      throw broken(`is called with ${inputs.length} inputs, expected ${body.parameters.length}`);
    }
    if (this.#calls.includes(body.name)) throw broken("calls itself");
    if (this.#calls.length >= MAX_DEPTH) throw broken(`is called ${MAX_DEPTH} calls deep`);
    const scope: Scope = {
      nodes: body.nodes,
      path,
      place,
      given: new Map(body.parameters.map(({ name }, i) => [name, inputs[i] ?? null])),
      isFunction: true,
      caller,
      values: new Map(),
      dead: new Set(),
      hasSwitches: hasSwitches(body.nodes.values()),
    };
    this.#count(scope);
    this.#calls.push(body.name);
    const results = this.expand(
      scope,
      body.results.map((result) => result.input),
    );
    this.#calls.pop();
    this.#noteAssignments(scope);
    return results;
  }

  /** Functions run all their effects, also those that no output asks for. */
  #noteAssignments(scope: Scope): void {
    for (const { op, inputs } of scope.nodes.values()) {
      const [handle] = inputs;
      if (handle === undefined || !ASSIGNMENTS.test(op)) continue;
      const value = given(scope, handle) ?? scope.values.get(handle.split(":", 1)[0] ?? "")?.[0];
      if (value !== undefined && value !== null) this.flat.assigned.add(value);
    }
  }

  #count(scope: Scope): void {
    this.#visits += 1;
    if (this.#visits > MAX_VISITS) throw this.#broken(scope, "its functions call each other too often");
  }

  #broken(scope: Scope, found: string): FieldmarkError {
    return new FieldmarkError("MODEL_BROKEN", `${scope.place}: ${found}`);
  }
}

/** The value that the signature or the caller gives for this input. */
function given(scope: Scope, text: string): Value | undefined {
  if (scope.isFunction) return scope.given.get(text);
  return scope.given.get(text.includes(":") ? text : `${text}:0`);
}
