import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32c } from "@node-rs/crc32";
import { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AttributeValue, Graph, NamedValue, Node } from "../graph/graph.ts";
import { forbidTelemetry } from "../session/forbid-telemetry.ts";
import type { Tensor } from "../tensor.ts";
import { encodeModel } from "./encode.ts";
import { MODEL_FILE, WEIGHTS_FILE, writeModel } from "./write-model.ts";

forbidTelemetry();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-encode-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const float = (name: string, shape: NamedValue["shape"]): NamedValue => ({
  name,
  key: name,
  dataType: "float32",
  shape,
});
const node = (
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, AttributeValue> = {},
): Node => ({
  name: `${op}_${outputs[0]}`,
  op,
  inputs,
  outputs,
  attributes,
});
const floats = (shape: number[], values: ArrayLike<number>): Tensor => ({
  dataType: "float32",
  shape,
  data: Float32Array.from(values),
});

async function run(graph: Graph, feeds: Record<string, RuntimeTensor>) {
  const at = await mkdtemp(join(folder, "model-"));
  const files = await writeModel(graph, at);
  const session = await InferenceSession.create(join(at, MODEL_FILE), { logSeverityLevel: 3 });
  const results = await session.run(feeds);
  await session.release();
  return { at, files, results };
}

const one = (op: string, values: number[], attributes: Record<string, AttributeValue> = {}): Graph => ({
  inputs: [float("x", [null, values.length])],
  outputs: [float("y", null)],
  nodes: [node(op, ["x"], ["y"], attributes)],
  constants: new Map(),
});

test("a dense layer with its kernel in the weights file computes what the formula says", async () => {
  const kernel = floats(
    [20, 30],
    Array.from({ length: 600 }, (_, index) => Math.sin(index)),
  );
  const graph: Graph = {
    inputs: [float("x", [null, 20])],
    outputs: [float("y", [null, 30])],
    nodes: [node("MatMul", ["x", "kernel"], ["product"]), node("Add", ["product", "bias"], ["y"])],
    constants: new Map([
      ["kernel", kernel],
      ["bias", floats([30], new Float32Array(30).fill(0.5))],
    ]),
  };
  const x = Float32Array.from({ length: 40 }, (_, index) => Math.cos(index));
  const { at, files, results } = await run(graph, { x: new RuntimeTensor("float32", x, [2, 20]) });
  expect(results.y?.dims).toEqual([2, 30]);
  const y = results.y?.data as Float32Array;
  for (const [row, column] of [
    [0, 0],
    [1, 29],
  ] as const) {
    let sum = 0.5;
    for (let k = 0; k < 20; k++) sum += Math.cos(row * 20 + k) * Math.sin(k * 30 + column);
    expect(y[row * 30 + column]).toBeCloseTo(sum, 5);
  }
  expect((await stat(join(at, WEIGHTS_FILE))).size).toBe(2400);
  for (const { name, bytes, crc32c: checksum } of files) {
    const content = await readFile(join(at, name));
    expect([name, content.length, crc32c(content)]).toEqual([name, bytes, checksum]);
  }
});

test("tensors start on their alignment, equal views are written once, small ones stand in the model", async () => {
  const shared = new Float32Array(5000);
  const tensor = (data: Float32Array): Tensor => ({ dataType: "float32", shape: [data.length], data });
  const graph: Graph = {
    inputs: [],
    outputs: [],
    nodes: [],
    constants: new Map([
      ["small", tensor(new Float32Array(255))],
      ["middle", tensor(new Float32Array(300))],
      ["large", tensor(shared)],
      ["again", tensor(shared.subarray())],
      ["other", tensor(new Float32Array(300))],
    ]),
  };
  const { weights } = encodeModel(graph, WEIGHTS_FILE);
  expect(weights.placed.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
    [0, 1200],
    [4096, 20000],
    [24128, 1200],
  ]);
  expect(weights.size).toBe(25328);
});

describe("attributes reach onnxruntime with ONNX's types", () => {
  test.each([
    { op: "LeakyRelu", values: [-2, 3], attributes: { alpha: 0.25 }, expected: [-0.5, 3] },
    { op: "LeakyRelu", values: [-2, 3], attributes: { alpha: 1 }, expected: [-2, 3] },
    { op: "Softmax", values: [0, 0], attributes: { axis: -1 }, expected: [0.5, 0.5] },
    { op: "Softmax", values: [0, 0], attributes: { axis: 1n }, expected: [0.5, 0.5] },
    { op: "Transpose", values: [4, 5], attributes: { perm: [1, 0] }, expected: [4, 5] },
    { op: "Gelu", values: [0, 0], attributes: {}, expected: null },
  ] as const)("$op $attributes", async ({ op, values, attributes, expected }) => {
    const result = run(one(op, [...values], attributes as never), {
      x: new RuntimeTensor("float32", Float32Array.from(values), [1, 2]),
    });
    if (expected === null) return await expect(result).rejects.toThrow(/Gelu/); // of a later operator set
    const { data } = (await result).results.y ?? {};
    expect(data && Array.from(data as Float32Array)).toEqual(expected);
  });

  test("a fraction where ONNX has an int is a bug that is told", () => {
    expect(() => encodeModel(one("Softmax", [0], { axis: 0.5 }), WEIGHTS_FILE)).toThrow(/axis.*0\.5/);
  });

  test("strings, tensors and graphs", async () => {
    const branch = (value: number): Graph => ({
      inputs: [],
      outputs: [float("z", [1])],
      nodes: [node("Constant", [], ["z"], { value: floats([1], [value]) })],
      constants: new Map(),
    });
    const graph: Graph = {
      inputs: [{ name: "flag", key: "flag", dataType: "bool", shape: [] }],
      outputs: [float("y", [1])],
      nodes: [node("If", ["flag"], ["y"], { then_branch: branch(7), else_branch: branch(8) })],
      constants: new Map(),
    };
    for (const [flag, expected] of [
      [1, 7],
      [0, 8],
    ] as const) {
      const { results } = await run(graph, { flag: new RuntimeTensor("bool", Uint8Array.of(flag), []) });
      expect(results.y?.data).toEqual(Float32Array.of(expected));
    }
    const pad = one("Pad", [1, 2], { mode: "reflect" });
    const { results } = await run(
      {
        ...pad,
        nodes: [node("Pad", ["x", "pads"], ["y"], { mode: "reflect" })],
        constants: new Map([
          ["pads", { dataType: "int64", shape: [4], data: BigInt64Array.of(0n, 1n, 0n, 1n) }],
        ]),
      },
      { x: new RuntimeTensor("float32", Float32Array.of(1, 2), [1, 2]) },
    );
    expect(Array.from(results.y?.data as Float32Array)).toEqual([2, 1, 2, 1]);
  });
});

test("every element type that onnxruntime-node can return survives as a constant", async () => {
  const cases: readonly Tensor[] = [
    { dataType: "float64", shape: [2], data: Float64Array.of(1.5, -2) },
    { dataType: "int8", shape: [2], data: Int8Array.of(-1, 2) },
    { dataType: "uint8", shape: [2], data: Uint8Array.of(1, 255) },
    { dataType: "int16", shape: [2], data: Int16Array.of(-300, 2) },
    { dataType: "uint16", shape: [2], data: Uint16Array.of(1, 65535) },
    { dataType: "int32", shape: [2], data: Int32Array.of(-70000, 2) },
    { dataType: "uint32", shape: [2], data: Uint32Array.of(1, 4294967295) },
    { dataType: "int64", shape: [2], data: BigInt64Array.of(-(2n ** 40n), 2n) },
    { dataType: "uint64", shape: [2], data: BigUint64Array.of(1n, 2n ** 63n) },
    { dataType: "bool", shape: [2], data: Uint8Array.of(1, 0) },
    { dataType: "string", shape: [2], data: [new TextEncoder().encode("né"), new Uint8Array()] },
  ];
  for (const tensor of cases) {
    const graph: Graph = {
      inputs: [],
      outputs: [{ name: "y", key: "y", dataType: tensor.dataType, shape: [2] }],
      nodes: [node("Identity", ["c"], ["y"])],
      constants: new Map([["c", tensor]]),
    };
    const { results } = await run(graph, {});
    const expected = tensor.dataType === "string" ? ["né", ""] : Array.from(tensor.data as ArrayLike<number>);
    expect([tensor.dataType, Array.from(results.y?.data as ArrayLike<unknown>)]).toEqual([
      tensor.dataType,
      expected,
    ]);
  }
});
