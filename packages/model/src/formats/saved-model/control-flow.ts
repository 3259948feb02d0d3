import { FieldmarkError } from "@fieldmark/contract";
import type { Flattening, Rule, RuleTable, Value } from "./flattening.ts";
import { ATTR_LIST } from "./messages.ts";
import { decode } from "./wire.ts";

/** A branch whose condition the graph itself fixes (is_training = False) is inlined; any other stays an op. */
const branch: Rule = (flattening, expansion) => {
  const [condition = null, ...inputs] = expansion.inputs;
  const taken = flattening.scalar(condition);
  if (taken === undefined) return flattening.keep(expansion);
  return flattening.call(expansion, taken === 0 ? "else_branch" : "then_branch", inputs);
};

/** Case takes the last branch for an index out of range. */
const choice: Rule = (flattening, expansion) => {
  const [index = null, ...inputs] = expansion.inputs;
  const taken = flattening.scalar(index);
  if (taken === undefined) return flattening.keep(expansion);
  const list = flattening.attribute(expansion, "branches")?.list;
  const branches = list === undefined ? [] : decode(ATTR_LIST, list, expansion.scope.place).func;
  const reference = branches[taken] ?? branches.at(-1);
  if (reference === undefined) {
    throw new FieldmarkError(
      "MODEL_BROKEN",
      `${expansion.scope.place}: "${expansion.node.name}" has no branches`,
    );
  }
  return flattening.callReference(expansion, reference, inputs);
};

/** A loop that never starts passes its inputs on; any other stays an op. */
const loop: Rule = (flattening, expansion) => {
  const [condition = null] = flattening.call(expansion, "cond", expansion.inputs);
  return flattening.scalar(condition) === 0 ? expansion.inputs : flattening.keep(expansion);
};

/** TensorFlow 1: data goes to output 0 (false) or 1 (true), and what hangs on the other is dead. */
const switchData: Rule = (flattening, expansion) => {
  const [data = null, condition = null] = expansion.inputs;
  const taken = flattening.scalar(condition);
  if (taken === undefined) return flattening.keep(expansion);
  return taken === 0 ? [data, null] : [null, data];
};

/** TensorFlow 1: the input that is not dead, and its index. */
const merge: Rule = (flattening, expansion) => {
  const { inputs, node, scope } = expansion;
  const live = inputs.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  const [only] = live;
  if (only === undefined) return [null, null];
  if (live.length > 1) return flattening.keep(expansion);
  const index = { dataType: "int32", shape: [], data: Int32Array.of(only.index) } as const;
  const name = `${node.name}/value_index`;
  return [only.value, flattening.flat.addConstant(name, scope.path, { kind: "tensor", tensor: index })];
};

/** Both sides of Select have one shape, so that a fixed condition leaves one of them, whole. */
const select: Rule = (flattening, expansion) => {
  const [condition = null, whenTrue = null, whenFalse = null] = expansion.inputs;
  const taken = flattening.scalar(condition);
  if (taken === undefined) return flattening.keep(expansion);
  return [taken === 0 ? whenFalse : whenTrue];
};

/** Ops that choose what is computed. */
export const controlFlow = {
  If: branch,
  StatelessIf: branch,
  Case: choice,
  StatelessCase: choice,
  While: loop,
  StatelessWhile: loop,
  Switch: switchData,
  RefSwitch: switchData,
  Merge: merge,
  RefMerge: merge,
  Select: select,
} satisfies RuleTable;

/** Ops that run although an input is dead. */
export const TAKES_DEAD_INPUTS: ReadonlySet<string> = new Set(["Merge", "RefMerge"]);

/** The back edge of a TensorFlow 1 loop: not followed, so that a graph with loops can still be listed. */
export const BACK_EDGES: ReadonlySet<string> = new Set(["NextIteration", "RefNextIteration"]);

type Evaluate = (inputs: readonly (number | undefined)[]) => number | undefined;

const both =
  (compute: (a: number, b: number) => boolean): Evaluate =>
  ([a, b]) =>
    a === undefined || b === undefined ? undefined : Number(compute(a, b));
const same: Evaluate = ([a]) => a;

/** Ops through which a scalar can be followed back to constants. */
const SCALAR_OPS: Readonly<Record<string, Evaluate>> = {
  Identity: same,
  StopGradient: same,
  Snapshot: same,
  PreventGradient: same,
  Reshape: same,
  Squeeze: same,
  ExpandDims: same,
  EnsureShape: same,
  LogicalNot: ([a]) => (a === undefined ? undefined : Number(a === 0)),
  LogicalAnd: ([a, b]) => (a === 0 || b === 0 ? 0 : both(() => true)([a, b])),
  LogicalOr: ([a, b]) => ((a ?? 0) !== 0 || (b ?? 0) !== 0 ? 1 : both(() => false)([a, b])),
  Equal: both((a, b) => a === b),
  NotEqual: both((a, b) => a !== b),
  Less: both((a, b) => a < b),
  LessEqual: both((a, b) => a <= b),
  Greater: both((a, b) => a > b),
  GreaterEqual: both((a, b) => a >= b),
};

const MAX_STEPS = 256;

/**
 * The value as one number when constants alone decide it.
 * @param constant the number of a one-element constant, undefined for any other value
 */
export function evaluateScalar(
  value: Value,
  flat: Flattening["flat"],
  constant: (value: string) => number | undefined,
): number | undefined {
  let steps = 0;
  const evaluate = (name: string, depth: number): number | undefined => {
    steps += 1;
    if (steps > MAX_STEPS || depth > 32) return undefined;
    if (flat.constants.has(name)) return constant(name);
    const node = flat.producer(name);
    const compute = node === undefined ? undefined : SCALAR_OPS[node.op];
    if (node === undefined || compute === undefined || node.outputs[0] !== name) return undefined;
    return compute(node.inputs.slice(0, 2).map((input) => evaluate(input, depth + 1)));
  };
  return value === null ? undefined : evaluate(value, 0);
}
