import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkGraph } from "../graph/check.ts";
import type { Graph, NamedValue } from "../graph/graph.ts";
import { runGraph } from "../graph/run-graph.test-support.ts";
import { numbersOf, tensorOf } from "../graph/tensor-numbers.ts";
import { runPasses } from "../passes/passes.ts";
import type { DataType, Tensor } from "../tensor.ts";
import { lower } from "./lower.ts";
import { LOWERINGS } from "./lowerings.ts";
import { TENSORFLOW_DEFAULTS } from "./tensorflow-defaults.ts";

interface SavedTensor {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One TensorFlow op, made by golden/make_lowerings.py. */
interface Case {
  readonly op: string;
  readonly name: string;
  /** Whether the op takes a batch of any size. */
  readonly dynamic: boolean;
  readonly attributes: Graph["nodes"][number]["attributes"];
  readonly inputs: readonly (SavedTensor & { readonly fed: boolean })[];
  readonly outputs: readonly SavedTensor[];
}

const GOLDEN = new URL("../../golden/lowerings.json", import.meta.url);
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(GOLDEN, "utf8"));

/** Ops that TensorFlow's own kernels run only inside an optimised graph; checked below against what they fuse. */
const WITHOUT_CASE = ["_FusedDepthwiseConv2dNative"];

const tensor = ({ dataType, shape, data }: SavedTensor): Tensor => tensorOf(dataType, shape, data);

/** The op alone, as a graph of TensorFlow ops. */
function graphOf(saved: Case, batch: "known" | "unknown"): Graph {
  const inputs = saved.inputs.flatMap(({ fed, dataType, shape }, index): NamedValue[] => {
    const name = `in${index}`;
    const sizes = batch === "unknown" && shape.length > 0 ? [null, ...shape.slice(1)] : shape;
    return fed ? [{ name, key: name, dataType, shape: sizes }] : [];
  });
  const constants = saved.inputs.flatMap((value, index) =>
    value.fed ? [] : [[`in${index}`, tensor(value)] as const],
  );
  const names = saved.outputs.map((_, index) => (index === 0 ? "out" : `out:${index}`));
  const node = { name: "out", op: saved.op, inputs: saved.inputs.map((_, index) => `in${index}`) };
  // Outputs that inference has no use for (reserve spaces of batch norms) stay undone.
  const wanted = saved.op.startsWith("FusedBatchNorm") ? 1 : names.length;
  return {
    inputs,
    outputs: saved.outputs
      .slice(0, wanted)
      .map(({ dataType, shape }, index) => ({ name: names[index]!, key: names[index]!, dataType, shape })),
    nodes: [{ ...node, outputs: names, attributes: saved.attributes }],
    constants: new Map(constants),
  };
}

async function run(graph: Graph, saved: Case): Promise<readonly Tensor[]> {
  const feeds = graph.inputs.map(({ name }) => [name, tensor(saved.inputs[Number(name.slice(2))]!)] as const);
  const results = await runGraph(graph, Object.fromEntries(feeds));
  expect(results.map(({ dataType }) => dataType)).toEqual(graph.outputs.map(({ dataType }) => dataType));
  return results;
}

function expectClose(actual: Tensor, expected: SavedTensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const numbers = Array.from(numbersOf(actual)!);
  for (const [index, value] of expected.data.entries()) {
    const tolerance = /float/.test(expected.dataType) ? 2e-6 * Math.max(8, Math.abs(value)) : 0;
    expect(
      Math.abs(numbers[index]! - value),
      `element ${index}: ${numbers[index]} for ${value}`,
    ).toBeLessThanOrEqual(tolerance);
  }
}

test("every op of the table has a case that TensorFlow made", () => {
  const tried = new Set(cases.map(({ op }) => op));
  expect([...LOWERINGS.keys()].filter((op) => !tried.has(op))).toEqual(WITHOUT_CASE);
});

test("the table of defaults names ops of the table only", () => {
  expect(Object.keys(TENSORFLOW_DEFAULTS).filter((op) => !LOWERINGS.has(op))).toEqual([]);
});

test.each(cases)("$name, as TensorFlow", async (saved) => {
  const graph = runPasses(lower(graphOf(saved, "known")));
  for (const [index, output] of (await run(graph, saved)).entries())
    expectClose(output, saved.outputs[index]!);
});

const dynamic = cases.filter(({ dynamic, inputs }) => dynamic && inputs.some(({ fed }) => fed));

test.each(dynamic)("$name on a batch of unknown size, as TensorFlow", async (saved) => {
  const graph = graphOf(saved, "unknown");
  const open = { ...graph, outputs: graph.outputs.map((output) => ({ ...output, shape: null })) };
  const lowered = runPasses(lower(open));
  for (const [index, output] of (await run(lowered, saved)).entries())
    expectClose(output, saved.outputs[index]!);
});

test("a fused depthwise convolution is the convolution, then what was fused", () => {
  const weights: Tensor = { dataType: "float32", shape: [3, 3, 2, 1], data: new Float32Array(18).fill(0.5) };
  const bias: Tensor = { dataType: "float32", shape: [2], data: Float32Array.of(1, 2) };
  const graph = (nodes: Graph["nodes"]): Graph => ({
    inputs: [{ name: "x", key: "x", dataType: "float32", shape: [null, 5, 5, 2] }],
    outputs: [{ name: "y", key: "y", dataType: "float32", shape: [null, 5, 5, 2] }],
    constants: new Map([
      ["w", weights],
      ["b", bias],
    ]),
    nodes,
  });
  const window = { strides: [1, 1, 1, 1], padding: "SAME" };
  const plain = graph([
    { name: "c", op: "DepthwiseConv2dNative", inputs: ["x", "w"], outputs: ["c"], attributes: window },
    { name: "d", op: "BiasAdd", inputs: ["c", "b"], outputs: ["d"], attributes: {} },
    { name: "y", op: "Relu6", inputs: ["d"], outputs: ["y"], attributes: {} },
  ]);
  const attributes = { ...window, fused_ops: ["BiasAdd", "Relu6"] };
  const fused = graph([
    { name: "y", op: "_FusedDepthwiseConv2dNative", inputs: ["x", "w", "b"], outputs: ["y"], attributes },
  ]);
  const shapeOf = (made: Graph) => made.nodes.map(({ op, attributes: kept }) => ({ op, kept }));
  expect(shapeOf(runPasses(lower(fused)))).toEqual(shapeOf(runPasses(lower(plain))));
  expect(shapeOf(runPasses(lower(fused))).map(({ op }) => op)).toEqual([
    "Transpose",
    "Conv",
    "Clip",
    "Transpose",
  ]);
});

test("one error lists every op that is not supported, with a count and where it stands", () => {
  const node = (name: string, op: string, inputs: readonly string[]) => ({
    name,
    op,
    inputs,
    outputs: [name],
    attributes: {},
  });
  const graph: Graph = {
    inputs: [{ name: "x", key: "x", dataType: "float32", shape: [null, 4] }],
    outputs: [{ name: "d", key: "y", dataType: "float32", shape: [null, 4] }],
    constants: new Map(),
    nodes: [
      node("a", "Digamma", ["x"]),
      node("b", "Digamma", ["a"]),
      node("c", "Betainc", ["b", "x", "x"]),
      node("unused", "Lgamma", ["x"]),
      node("d", "AddV2", ["c", "x"]),
    ],
  };
  expect(() => lower(graph)).toThrow(
    expect.objectContaining({
      code: "MODEL_OP_UNSUPPORTED",
      message: '3 ops of the model are not supported: Digamma ×2 at "a", "b"; Betainc ×1 at "c"',
      details: { ops: ["Digamma ×2", "Betainc ×1"] },
    }),
  );
});

test("an op whose output nothing uses is not looked at", () => {
  const graph: Graph = {
    inputs: [{ name: "x", key: "x", dataType: "float32", shape: [2] }],
    outputs: [{ name: "y", key: "y", dataType: "float32", shape: [2] }],
    constants: new Map(),
    nodes: [
      { name: "z", op: "NoSuchOp", inputs: ["x"], outputs: ["z"], attributes: {} },
      { name: "y", op: "Relu", inputs: ["x"], outputs: ["y"], attributes: {} },
    ],
  };
  checkGraph(lower(graph), "lower");
  expect(lower(graph).nodes.map(({ op }) => op)).toEqual(["Relu"]);
});
