import type { Tensor } from "../tensor.ts";
import type { Attributes } from "./attributes.ts";
import type { Graph, NamedValue, Node } from "./graph.ts";
import { mixesTypes } from "./ops/element-types.ts";
import { broken, type Call, type ConstantCall, type OnnxOp } from "./ops/onnx-op.ts";
import { ONNX_OPS } from "./ops/onnx-ops.ts";
import { type Size, staticShape, toDimension } from "./size.ts";
import { elementCount, isInteger, scalarTensor, tensorOf } from "./tensor-numbers.ts";
import type { OutputType, Value } from "./value.ts";

/** Most elements a folded constant may have, unless its inputs have as many. */
const MOST_FOLDED_ELEMENTS = 1 << 20;

/**
 * Builds an ONNX graph node by node, in topological order.
 * What is emitted is typed at once, folded where its inputs are constants, and emitted once: the same op on
 * the same inputs is the same value. Nodes that no output needs are left out in the end.
 */
export class GraphBuilder {
  readonly #inputs: NamedValue[] = [];
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Tensor>();
  readonly #scalars = new Map<string, Value>();
  readonly #producers = new Map<string, Producer>();
  readonly #emitted = new Map<string, readonly Value[]>();
  readonly #names = new Set<string>();
  #symbols = 0;

  /** Prefix for the names of what is emitted next: the node that it is made for. */
  scope = "";

  readonly unknown = (): Size => `s${this.#symbols++}`;

  input(named: NamedValue): Value {
    this.#inputs.push(named);
    this.#names.add(named.name);
    const shape = named.shape?.map((size) => size ?? this.unknown()) ?? null;
    return { name: named.name, dataType: named.dataType, shape, constant: null, elements: null };
  }

  constant(constant: Tensor, name?: string): Value {
    const value: Value = {
      name: this.#unique(name ?? `${this.scope}/constant`),
      dataType: constant.dataType,
      shape: constant.shape,
      constant,
      elements: null,
    };
    this.#constants.set(value.name, constant);
    return value;
  }

  /** int64 [n]; equal ones are one value. */
  ints(values: readonly number[]): Value {
    return this.#shared(`i${values.join()}`, () => tensorOf("int64", [values.length], values));
  }

  /** A scalar of `dataType`; equal ones are one value. */
  scalar(value: number, dataType: Value["dataType"]): Value {
    return this.#shared(`${dataType}${Object.is(value, -0) ? "-0" : value}`, () =>
      scalarTensor(value, dataType),
    );
  }

  emit(op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    const [first] = this.emitAll(op, inputs, attributes, 1);
    if (!first) throw new TypeError(`${op} has no output`);
    return first;
  }

  /** As `emit`, for ops with several outputs. */
  emitAll(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: number,
  ): readonly Value[] {
    const rule = ONNX_OPS.get(op);
    if (!rule) throw new TypeError(`The table of ONNX ops lacks ${op}`);
    const key = `${op}(${inputs.map((value) => value?.name ?? "")})${outputs}${JSON.stringify(attributes)}`;
    const before = this.#emitted.get(key);
    if (before) return before;
    const call: Call = { op, where: this.scope, inputs, attributes, outputs, unknown: this.unknown };
    const types = rule.types(call);
    refuseImpossible(call, types);
    const folded = fold(rule, inputs, { attributes, outputs: types });
    const values = folded
      ? folded.map((constant) => this.constant(constant, `${this.scope}/${op}`))
      : this.#add(op, inputs, attributes, types.slice(0, outputs));
    this.#emitted.set(key, values);
    return values;
  }

  /** The node that makes a value, with its inputs; undefined for inputs and constants. */
  producer(value: Value | null | undefined): Producer | undefined {
    return value ? this.#producers.get(value.name) : undefined;
  }

  /** The graph of everything that `outputs` need, in the order it was emitted. */
  finish(outputs: readonly (NamedValue & { readonly value: Value })[]): Graph {
    const needed = new Set(outputs.map(({ value }) => value.name));
    const nodes: Node[] = [];
    for (let index = this.#nodes.length - 1; index >= 0; index--) {
      const node = this.#nodes[index];
      if (!node?.outputs.some((name) => needed.has(name))) continue;
      for (const name of node.inputs) needed.add(name);
      nodes.push(node);
    }
    return {
      inputs: this.#inputs,
      outputs: outputs.map(({ key, value }) => ({
        key,
        name: value.name,
        dataType: value.dataType,
        shape: value.shape?.map(toDimension) ?? null,
      })),
      nodes: nodes.reverse(),
      constants: new Map([...this.#constants].filter(([name]) => needed.has(name))),
    };
  }

  #add(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    types: readonly OutputType[],
  ): readonly Value[] {
    const name = this.#unique(this.scope === "" ? op : this.scope, op);
    const values = types.map(
      (type, index): Value => ({
        name: index === 0 ? name : this.#unique(`${name}:${index}`),
        dataType: type.dataType,
        shape: type.shape,
        constant: null,
        elements: type.elements ?? null,
      }),
    );
    const node: Node = {
      name,
      op,
      inputs: inputs.map((value) => value?.name ?? ""),
      outputs: values.map((value) => value.name),
      attributes,
    };
    this.#nodes.push(node);
    for (const value of values) this.#producers.set(value.name, { node, op, inputs, attributes });
    return values;
  }

  #shared(key: string, make: () => Tensor): Value {
    const found = this.#scalars.get(key);
    if (found) return found;
    const value = this.constant(make(), key.replaceAll(",", "_"));
    this.#scalars.set(key, value);
    return value;
  }

  #unique(name: string, suffix?: string): string {
    let candidate = name;
    if (this.#names.has(candidate) && suffix) candidate = `${name}/${suffix}`;
    for (let count = 1; this.#names.has(candidate); count++) {
      candidate = `${suffix ? `${name}/${suffix}` : name}_${count}`;
    }
    this.#names.add(candidate);
    return candidate;
  }
}

/** A node of the graph being built. */
export interface Producer {
  readonly node: Node;
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
}

/** @throws MODEL_BROKEN for what no runtime could run, so that it is refused with the name of its node */
function refuseImpossible(call: Call, types: readonly OutputType[]): void {
  if (mixesTypes(call.op, call.inputs)) throw broken(call, "they should be of one element type");
  for (const { shape } of types) {
    const isSize = (size: Size): boolean =>
      typeof size === "string" || (Number.isSafeInteger(size) && size >= 0);
    if (shape && !shape.every(isSize)) throw broken(call, `the result would be [${shape}]`);
  }
}

interface FoldContext {
  readonly attributes: Attributes;
  readonly outputs: readonly OutputType[];
}

/** The outputs as constants: known by formula, or evaluated from constant inputs. */
function fold(
  { evaluate, views }: OnnxOp,
  inputs: readonly (Value | null)[],
  { attributes, outputs }: FoldContext,
): readonly Tensor[] | null {
  const known = outputs.map(formulaTensor);
  if (known.every((constant) => constant !== null)) return known;
  if (!evaluate || inputs.some((value) => value && !value.constant)) return null;
  const shapes = outputs.map(({ shape }) => staticShape(shape));
  if (shapes.includes(null)) return null;
  const tensors = inputs.map((value) => value?.constant ?? null);
  const most = Math.max(
    MOST_FOLDED_ELEMENTS,
    ...tensors.map((constant) => elementCount(constant?.shape ?? [])),
  );
  if (!views && shapes.some((shape) => elementCount(shape ?? []) > most)) return null;
  return evaluate({ attributes, inputs: tensors, outputs } satisfies ConstantCall);
}

function formulaTensor({ dataType, shape, elements }: OutputType): Tensor | null {
  const sizes = staticShape(shape);
  if (!sizes || !elements || !isInteger(dataType) || elements.length !== elementCount(sizes)) return null;
  return elements.every((size) => typeof size === "number") ? tensorOf(dataType, sizes, elements) : null;
}
