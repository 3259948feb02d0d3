import type { Graph, ValueType } from "./graph/graph.ts";

/** A signature as the file states it: keys in the file's order. */
export interface Signature {
  readonly name: string;
  readonly inputs: Readonly<Record<string, ValueType>>;
  readonly outputs: Readonly<Record<string, ValueType>>;
}

/** What a format's reader makes of a file: everything known of the model, before any lowering. */
export interface SourceModel {
  /** For people: "TensorFlow SavedModel", … */
  readonly format: string;
  /** What wrote it, as the file says: "TensorFlow 2.15.0", … */
  readonly producer: string;
  readonly signatures: readonly Signature[];
  readonly signature: Signature;
  /**
   * TensorFlow ops, functions inlined, variables resolved, reduced to what the signature's outputs depend on.
   * Attributes as the file has them, its defaults left out: dtypes by name ("float32", "resource"), shapes as
   * numbers with −1 for an unknown size (absent when the rank is unknown), strings as text, functions by name.
   * Outputs after a node's first are named "<node>:1", "<node>:2", …
   */
  readonly graph: Graph;
  /** Class names where the archive carries them (assets, a labels file, a lookup table); in output order. */
  readonly classNames: readonly string[] | null;
}
