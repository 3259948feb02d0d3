import { FieldmarkError } from "@fieldmark/contract";
import type { Tensor } from "../../tensor.ts";
import type { RawAttributes } from "./attributes.ts";
import type { Box } from "./block-copy.ts";

/** Where a constant's value is to be had; read only when the signature turns out to need it. */
export type ConstantSource =
  /** A Const's TensorProto. */
  | { readonly kind: "const"; readonly bytes: Uint8Array }
  | { readonly kind: "variable"; readonly key: string; readonly box?: Box }
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  /** A variable whose value is nowhere: an error only if it is needed. */
  | { readonly kind: "missing"; readonly why: string };

/** A node on its way into the graph: inlined, its attributes not yet decoded. */
export interface FlatNode {
  readonly name: string;
  readonly op: string;
  /** Names of values. */
  readonly inputs: readonly string[];
  /** Names of values; grows where the file does not say how many outputs the op has. */
  readonly outputs: string[];
  readonly attributes: RawAttributes;
  /** Attributes of the call that the node's function was inlined from. */
  readonly caller: RawAttributes;
}

/** More than any real model has, and few enough to hold: functions that call each other twice grow fast. */
const MAX_NODES = 200_000;

/** The flat graph while functions are inlined into it; nodes stand in topological order. */
export class FlatGraph {
  readonly nodes: FlatNode[] = [];
  readonly constants = new Map<string, ConstantSource>();
  /** Variables that the functions change as they run, so that their stored value is not what is read. */
  readonly assigned = new Set<string>();
  readonly #producers = new Map<string, FlatNode>();
  readonly #names = new Set<string>();
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(value: string): FlatNode | undefined {
    return this.#producers.get(value);
  }

  /** @param path where the node stands: taken into its name only when that is taken */
  addNode(node: Omit<FlatNode, "outputs">, outputs: number, path: string): FlatNode {
    const name = this.reserve(node.name, path);
    const added: FlatNode = { ...node, name, outputs: [] };
    this.nodes.push(added);
    this.growOutputs(added, outputs);
    return added;
  }

  growOutputs(node: FlatNode, count: number): void {
    if (count > MAX_NODES) throw this.#tooLarge();
    for (let i = node.outputs.length; i < count; i += 1) {
      const value = i === 0 ? node.name : `${node.name}:${i}`;
      node.outputs.push(value);
      this.#producers.set(value, node);
    }
  }

  addConstant(name: string, path: string, source: ConstantSource): string {
    const value = this.reserve(name, path);
    this.constants.set(value, source);
    return value;
  }

  /** A name that nothing else has; ":" stands only before an output's number. */
  reserve(wanted: string, path: string): string {
    if (this.#names.size >= MAX_NODES) throw this.#tooLarge();
    const plain = wanted.replaceAll(":", "_");
    const full = path === "" ? plain : `${path}/${plain}`.replaceAll(":", "_");
    let name = this.#names.has(plain) ? full : plain;
    for (let i = 1; this.#names.has(name); i += 1) name = `${full}_${i}`;
    this.#names.add(name);
    return name;
  }

  #tooLarge(): FieldmarkError {
    return new FieldmarkError(
      "MODEL_BROKEN",
      `${this.#place}: the graph has more than ${MAX_NODES} nodes once its functions are inlined`,
    );
  }
}
