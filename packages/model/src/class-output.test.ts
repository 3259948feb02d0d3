import { describe, expect, test } from "vitest";
import { chooseClassOutput, findClassOutputs } from "./class-output.ts";
import type { Dimension, Graph, Node } from "./graph/graph.ts";
import type { DataType } from "./tensor.ts";

/** A chain of ops from "x" to the output "scores"; "+" adds a constant. */
function chain(
  ops: readonly string[],
  shape: readonly Dimension[] | null,
  dataType: DataType = "float32",
): Graph {
  const nodes = ops.map(
    (op, index): Node => ({
      name: `layer${index}`,
      op: op === "+" ? "Add" : op,
      inputs: [index === 0 ? "x" : `v${index}`, "c"],
      outputs: [`v${index + 1}`],
      attributes: {},
    }),
  );
  return {
    inputs: [{ name: "x", key: "x", dataType: "float32", shape: [null, 4] }],
    outputs: [{ name: `v${ops.length}`, key: "scores", dataType, shape }],
    nodes,
    constants: new Map([["c", { dataType: "float32", shape: [1], data: Float32Array.of(1) }]]),
  };
}

describe("what the graph's end says of an output", () => {
  test.each([
    { ops: ["MatMul", "+", "Softmax"], shape: [null, 8], kind: "probabilities", classes: 8 },
    { ops: ["Gemm", "Softmax", "Cast", "Identity"], shape: [1, 3], kind: "probabilities", classes: 3 },
    { ops: ["Conv", "Softmax", "Reshape"], shape: [null, 1000], kind: "probabilities", classes: 1000 },
    { ops: ["Conv", "Softmax"], shape: [null, 1, 1, 5], kind: "probabilities", classes: 5 },
    { ops: ["Conv", "Transpose", "Squeeze"], shape: [null, 5], kind: "logits", classes: 5 },
    { ops: ["Gemm"], shape: [null, 8], kind: "logits", classes: 8 },
    { ops: ["MatMul", "+"], shape: [null, 8], kind: "logits", classes: 8 },
    { ops: ["MatMul", "LogSoftmax"], shape: [null, 8], kind: "logits", classes: 8 },
    { ops: ["MatMul", "+", "Sigmoid"], shape: [null, 1], kind: "sigmoid", classes: 2 },
    { ops: ["MatMul", "+", "Sigmoid", "Squeeze"], shape: [null], kind: "sigmoid", classes: 2 },
    { ops: ["MatMul", "+"], shape: [null, 1], kind: "sigmoid-logit", classes: 2 },
  ] as const)("$ops → $shape is $kind", ({ ops, shape, kind, classes }) => {
    expect(findClassOutputs(chain(ops, shape))).toMatchObject([
      { found: true, name: "scores", kind, classes },
    ]);
  });

  test.each([
    { ops: ["MatMul", "Sigmoid"], shape: [null, 8], reason: /Sigmoid over 8 columns \(multi-label\)/ },
    { ops: ["MatMul", "Softmax"], shape: [null, 1], reason: /always 1/ },
    { ops: ["Conv", "Relu", "GlobalAveragePool"], shape: [null, 1280], reason: /GlobalAveragePool/ },
    { ops: ["MatMul", "Tanh"], shape: [null, 8], reason: /Tanh/ },
    { ops: ["Relu", "+"], shape: [null, 8], reason: /Add/ },
    {
      ops: ["MatMul", "Softmax"],
      shape: [null, 7, 7, 8],
      reason: /\[\?, 7, 7, 8\], expected \[batch, classes\]/,
    },
    { ops: ["MatMul", "Softmax"], shape: [null, null], reason: /number of classes is not fixed/ },
    { ops: ["MatMul", "Softmax"], shape: null, reason: /shape is unknown/ },
    { ops: ["Identity"], shape: [null, 8], reason: /an input or a constant/ },
  ] as const)("$ops → $shape holds no class scores", ({ ops, shape, reason }) => {
    expect(findClassOutputs(chain(ops, shape))).toMatchObject([
      { found: false, reason: expect.stringMatching(reason) },
    ]);
  });

  test("integers are no scores", () => {
    expect(findClassOutputs(chain(["MatMul", "ArgMax"], [null], "int64"))).toMatchObject([
      { found: false, reason: "its elements are int64" },
    ]);
  });
});

describe("the choice among several outputs", () => {
  const softmax = { found: true, name: "p", kind: "probabilities", reason: "Softmax", classes: 3 } as const;
  const logits = { found: true, name: "z", kind: "logits", reason: "Gemm", classes: 3 } as const;
  const features = { found: false, name: "f", reason: "it is made by Relu" } as const;
  const choose = (findings: Parameters<typeof chooseClassOutput>[0], outputName?: string) => () =>
    chooseClassOutput(findings, { path: "model.tar.gz", outputName });

  test("one candidate is taken, whatever else there is", () => {
    const { found: _, ...expected } = softmax;
    expect(choose([features, softmax])()).toEqual(expected);
  });

  test("several need a name", () => {
    expect(choose([softmax, logits])).toThrow(
      /model\.tar\.gz: 2 outputs could.*p \(probabilities.*z \(logits/,
    );
    expect(choose([softmax, logits], "z")()).toMatchObject({ name: "z", kind: "logits" });
  });

  test("a name must be an output that holds scores", () => {
    expect(choose([softmax, features], "q")).toThrow(/no output is named "q"; outputs: p .*; f /);
    expect(choose([softmax, features], "f")).toThrow(/"f" does not hold class scores.*Relu/);
    expect(choose([features])).toThrow(/no output holds class scores/);
  });
});
