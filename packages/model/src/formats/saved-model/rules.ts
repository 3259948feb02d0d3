import { FieldmarkError } from "@fieldmark/contract";
import { controlFlow } from "./control-flow.ts";
import type { Expansion, Flattening, Rule, RuleTable } from "./flattening.ts";

export const keepNode: Rule = (flattening, expansion) => flattening.keep(expansion);
/** A function may stand as the op itself. */
export const callByName: Rule = (flattening, { node, scope, inputs }) =>
  flattening.callFunction({ node, scope, inputs }, node.op, node.attributes, inputs);

const inlineCall: Rule = (flattening, expansion) => flattening.call(expansion, "f", expansion.inputs);
const firstInput: Rule = (_, { inputs }) => [inputs[0] ?? null];
const variableValue: Rule = ({ flat, variable }, { node, scope }) => [
  flat.addConstant(node.name, scope.path, variable(node)),
];
const isVariable = ({ flat }: Flattening, { inputs }: Expansion): boolean => {
  const kind = flat.constants.get(inputs[0] ?? "")?.kind;
  return kind === "variable" || kind === "missing";
};
/** A variable's handle and its value are one constant here, so that reading it or handing it on is nothing to do. */
const handOn: Rule = (flattening, expansion) =>
  isVariable(flattening, expansion) ? [expansion.inputs[0] ?? null] : flattening.keep(expansion);
const constant: Rule = (flattening, expansion) => {
  const { node, scope } = expansion;
  const bytes = flattening.attribute(expansion, "value")?.tensor;
  if (bytes === undefined) {
    throw new FieldmarkError("MODEL_BROKEN", `${scope.place}: Const "${node.name}" has no value`);
  }
  return [flattening.flat.addConstant(node.name, scope.path, { kind: "const", bytes })];
};

/** A lookup in a variable is a lookup in a constant here; it has no axis, GatherV2's is 0. */
const gatherVariable: Rule = (flattening, { node, scope, inputs }) => {
  const axis = { dataType: "int32", shape: [], data: Int32Array.of(0) } as const;
  const name = flattening.flat.addConstant(`${node.name}/axis`, scope.path, { kind: "tensor", tensor: axis });
  return flattening.keep({ node: { ...node, op: "GatherV2" }, scope, inputs: [...inputs, name] });
};

/** Ops that do not reach the flat graph as they stand; every op that is not listed is kept. */
const RULES: RuleTable = {
  ...controlFlow,
  Const: constant,
  VarHandleOp: variableValue,
  VariableV2: variableValue,
  Variable: variableValue,
  ResourceGather: gatherVariable,
  ReadVariableOp: handOn,
  Identity: handOn,
  /** Not fed, so that its default is its value. */
  PlaceholderWithDefault: firstInput,
  PartitionedCall: inlineCall,
  StatefulPartitionedCall: inlineCall,
};

/** The rule of an op; undefined for the many that are kept as they are. */
export const ruleOf = (op: string): Rule | undefined => (Object.hasOwn(RULES, op) ? RULES[op] : undefined);
