import type { Graph, Node } from "../graph/graph.ts";
import { numbersOf } from "../tensor-convert.ts";

/** Constants of one value a channel; longer ones are none that scale pixels. */
const MOST_ELEMENTS = 16;

type Numbers = readonly number[];

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Identity: (x) => x,
  ReadVariableOp: (x) => x,
  StopGradient: (x) => x,
  Cast: (x) => x,
  Reshape: (x) => x,
  ExpandDims: (x) => x,
  Squeeze: (x) => x,
  BroadcastTo: (x) => x,
  Neg: (x) => -x,
  Sqrt: Math.sqrt,
  Rsqrt: (x) => 1 / Math.sqrt(x),
  Reciprocal: (x) => 1 / x,
  Inv: (x) => 1 / x,
  Square: (x) => x * x,
};

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Div: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
};

/** Looks up what a value holds where that is a few numbers made of constants by plain arithmetic; null otherwise. */
export class SmallConstants {
  readonly #graph: Graph;
  readonly #producers = new Map<string, Node>();

  /** @param graph TensorFlow ops */
  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) for (const output of node.outputs) this.#producers.set(output, node);
  }

  /** @param depth how many ops deep to look */
  read(value: string, depth = 12): Numbers | null {
    const constant = this.#graph.constants.get(value);
    if (constant !== undefined) {
      const { dataType, data } = constant;
      if (dataType === "string" || data.length === 0 || data.length > MOST_ELEMENTS) return null;
      return Array.from(numbersOf(constant));
    }
    const node = this.#producers.get(value);
    return node === undefined || depth === 0 ? null : this.#compute(node, depth - 1);
  }

  #compute({ op, inputs }: Node, depth: number): Numbers | null {
    const [first = "", second = ""] = inputs;
    const unary = Object.hasOwn(UNARY, op) ? UNARY[op] : undefined;
    if (unary !== undefined) return this.read(first, depth)?.map(unary) ?? null;
    const binary = Object.hasOwn(BINARY, op) ? BINARY[op] : undefined;
    if (binary === undefined) return null;
    const a = this.read(first, depth);
    const b = this.read(second, depth);
    if (a === null || b === null || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return null;
    return Array.from({ length: Math.max(a.length, b.length) }, (_, index) =>
      binary(a[a.length === 1 ? 0 : index] ?? 0, b[b.length === 1 ? 0 : index] ?? 0),
    );
  }
}
