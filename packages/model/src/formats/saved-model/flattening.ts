import type { RawAttributes } from "./attributes.ts";
import type { ConstantSource, FlatGraph } from "./flat-graph.ts";
import type { GraphDefReader, NodesByName, RawNode } from "./graph-def.ts";
import type { ATTR_VALUE } from "./messages.ts";
import type { MessageOf } from "./wire.ts";

/** A value's name in the flat graph, or null for one that is never made: the branch not taken. */
export type Value = string | null;

/** The graph, or one inlining of a function. */
export interface Scope {
  readonly nodes: NodesByName;
  /** Where it stands, for names: the calls that lead to it. */
  readonly path: string;
  readonly place: string;
  /** A function's parameters by name; at the top, the values fed by the signature, as "node:0". */
  readonly given: ReadonlyMap<string, Value>;
  readonly isFunction: boolean;
  /** Attributes of the call, which a function's nodes may refer to. */
  readonly caller: RawAttributes;
  /** Outputs of the nodes expanded so far. */
  readonly values: Map<string, readonly Value[]>;
  /** Nodes that lie in a branch that is not taken. */
  readonly dead: Set<string>;
  /** Whether dead branches exist here, so that control inputs matter. */
  readonly hasSwitches: boolean;
}

/** A node about to be expanded, its inputs resolved. */
export interface Expansion {
  readonly node: RawNode;
  readonly scope: Scope;
  readonly inputs: readonly Value[];
}

/** What the rule of an op may ask of the flattener. */
export interface Flattening {
  readonly graph: GraphDefReader;
  readonly flat: FlatGraph;
  attribute(expansion: Expansion, name: string): MessageOf<typeof ATTR_VALUE> | undefined;
  /** Inlines a function. @returns its results, in order */
  call(expansion: Expansion, attributeName: string, inputs: readonly Value[]): readonly Value[];
  callFunction(
    expansion: Expansion,
    name: string,
    caller: RawAttributes,
    inputs: readonly Value[],
  ): readonly Value[];
  /** As `call`, for a NameAttrList that is not an attribute of its own. */
  callReference(expansion: Expansion, reference: Uint8Array, inputs: readonly Value[]): readonly Value[];
  /** Keeps the node as an op of the flat graph. */
  keep(expansion: Expansion): readonly Value[];
  /** Where a variable's value is to be had. */
  variable(node: RawNode): ConstantSource;
  /** The value as one number (booleans as 0 and 1) when it does not depend on the signature's inputs. */
  scalar(value: Value): number | undefined;
}

/** How one op is expanded: to values that exist already, to a function's body, or to itself. */
export type Rule = (flattening: Flattening, expansion: Expansion) => readonly Value[];
export type RuleTable = Readonly<Record<string, Rule>>;
