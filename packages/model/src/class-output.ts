import { FieldmarkError } from "@fieldmark/contract";
import { formatShape } from "./format-shape.ts";
import type { Graph, NamedValue, Node, ValueType } from "./graph/graph.ts";
import type { ClassOutput, OutputFinding } from "./model.ts";

/** Ops that hand scores on without changing them. */
const PASSES: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Dropout",
  "Transpose",
]);
/** Ops of a layer without activation. */
const LINEAR: ReadonlySet<string> = new Set(["Gemm", "MatMul", "Conv"]);
const FLOATS: ReadonlySet<string> = new Set(["float32", "float64", "float16", "bfloat16"]);

/**
 * Finds from the structure of a graph of ONNX ops which outputs hold class scores, and of which kind: the op that
 * makes an output says whether its rows sum to one. `classify` checks that they do.
 */
export function findClassOutputs(graph: Graph): readonly OutputFinding[] {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node);
  return graph.outputs.map((output) => finding(output, { graph, producers }));
}

interface Search {
  readonly graph: Graph;
  readonly producers: ReadonlyMap<string, Node>;
}

function finding(output: NamedValue, search: Search): OutputFinding {
  const { key: name } = output;
  const not = (reason: string): OutputFinding => ({ found: false, name, reason });
  if (!FLOATS.has(output.dataType)) return not(`its elements are ${output.dataType}`);
  const columns = columnsOf(output);
  if (typeof columns === "string") return not(columns);
  const maker = makerOf(output.name, search.producers);
  if (maker === null) return not("it is an input or a constant");
  const is = (kind: ClassOutput["kind"], reason: string): OutputFinding => ({
    found: true,
    name,
    kind,
    reason: `the output is made by ${reason}`,
    classes: Math.max(columns, 2),
  });

  const { op } = maker;
  if (op === "Softmax") {
    return columns === 1
      ? not("it is made by Softmax over one column, which is always 1")
      : is("probabilities", "Softmax");
  }
  if (op === "LogSoftmax" && columns > 1) {
    return is("logits", "LogSoftmax: softmax turns log-probabilities into probabilities");
  }
  if (op === "Sigmoid") {
    return columns === 1
      ? is("sigmoid", "Sigmoid with one column: the probability of the second of two classes")
      : not(
          `it is made by Sigmoid over ${columns} columns (multi-label): each is a decision of its own, and none excludes the others`,
        );
  }
  if (isLinear(maker, search)) {
    return columns === 1
      ? is("sigmoid-logit", `${op} with one column and no activation: sigmoid is applied`)
      : is("logits", `${op} without activation: softmax is applied`);
  }
  return not(
    `it is made by ${op} (${maker.name}), neither a softmax, a sigmoid nor a layer without activation`,
  );
}

/** Class scores of a row: all sizes but the first, of which at most one may differ from 1. */
function columnsOf({ shape }: ValueType): number | string {
  if (shape === null) return "its shape is unknown";
  const sizes = shape.slice(1).filter((size) => size !== 1);
  if (shape.length === 0 || sizes.length > 1)
    return `its shape is ${formatShape(shape)}, expected [batch, classes]`;
  const [columns = 1] = sizes;
  return columns ?? `its shape is ${formatShape(shape)}: the number of classes is not fixed`;
}

/** The node that makes a value, looked for through ops that only hand it on. */
function makerOf(value: string, producers: Search["producers"]): Node | null {
  let node = producers.get(value);
  while (node !== undefined && PASSES.has(node.op)) node = producers.get(node.inputs[0] ?? "");
  return node ?? null;
}

/** A layer without activation: a product with weights, or such a product plus a constant. */
function isLinear(node: Node, { graph, producers }: Search): boolean {
  if (LINEAR.has(node.op)) return true;
  if (node.op !== "Add") return false;
  const varying = node.inputs.filter((input) => !graph.constants.has(input));
  if (varying.length !== 1) return false;
  const product = makerOf(varying[0] ?? "", producers);
  return product !== null && LINEAR.has(product.op);
}

/**
 * The output that holds class scores.
 *
 * @param outputName the caller's choice; without it there must be exactly one
 * @throws MODEL_OUTPUT when none or several could, listing every output
 */
export function chooseClassOutput(
  findings: readonly OutputFinding[],
  { path, outputName }: { readonly path: string; readonly outputName?: string | undefined },
): ClassOutput {
  const candidates = findings.filter((one) => one.found);
  const named = findings.find(({ name }) => name === outputName);
  const chosen = outputName === undefined ? (candidates.length === 1 ? candidates[0] : undefined) : named;
  if (chosen?.found) {
    const { name, kind, reason, classes } = chosen;
    return { name, kind, reason, classes };
  }
  const what =
    outputName !== undefined
      ? named === undefined
        ? `no output is named ${JSON.stringify(outputName)}`
        : `the output ${JSON.stringify(outputName)} does not hold class scores`
      : candidates.length === 0
        ? "no output holds class scores"
        : `${candidates.length} outputs could hold the class scores`;
  const listed = findings.map(
    (one) => `${one.name} (${one.found ? `${one.kind}: ${one.reason}` : one.reason})`,
  );
  throw new FieldmarkError("MODEL_OUTPUT", `${path}: ${what}; outputs: ${listed.join("; ")}`, {
    outputs: findings.map(({ name }) => name),
  });
}
