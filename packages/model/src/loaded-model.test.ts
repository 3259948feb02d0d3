import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findClassOutputs } from "./class-output.ts";
import type { Dimension, Graph, NamedValue, Node } from "./graph/graph.ts";
import { LoadedModel } from "./loaded-model.ts";
import { withOwnOutputs } from "./onnx/own-outputs.ts";
import { MODEL_FILE, writeModel } from "./onnx/write-model.ts";
import { SessionPool } from "./session/session-pool.ts";
import type { DataType, Tensor } from "./tensor.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-loaded-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const byKey = (values: readonly NamedValue[], stated: DataType | null) =>
  Object.fromEntries(
    values.map(({ key, name, dataType, shape }) => [key, { name, dataType: stated ?? dataType, shape }]),
  );

interface Opened {
  /** Element type that the signature states, where the graph computes in another. */
  readonly stated?: DataType;
  readonly sessions?: number;
}

async function open(graph: Graph, { stated, sessions = 1 }: Opened = {}): Promise<LoadedModel> {
  const at = await mkdtemp(join(folder, "model-"));
  const own = withOwnOutputs(graph);
  await writeModel(own, at);
  const pool = new SessionPool();
  await pool.open(join(at, MODEL_FILE), { sessions, threads: 1 });
  return new LoadedModel({
    path: "model.tar.gz",
    pool,
    cached: false,
    cacheEntry: null,
    record: {
      inputs: byKey(own.inputs, null),
      outputs: byKey(own.outputs, null),
      importedFrom: "model.tar.gz",
      description: {
        format: "test",
        producer: "test",
        digest: "sha256:0",
        signatures: [],
        signature: "serving_default",
        inputs: byKey(own.inputs, stated ?? null),
        outputs: byKey(own.outputs, stated ?? null),
        opCounts: {},
        parameters: 0,
        classNames: null,
        preprocessing: null,
        preprocessingFile: null,
        notes: [],
        classOutputs: findClassOutputs(own),
      },
    },
  });
}

const node = (op: string, inputs: string[], output: string, attributes: Node["attributes"] = {}): Node => ({
  name: output,
  op,
  inputs,
  outputs: [output],
  attributes,
});

/** Softmax over the means of the three channels. */
function pictureGraph(
  shape: readonly Dimension[],
  { axes = [1, 2], dataType = "float32" as DataType } = {},
): Graph {
  return {
    inputs: [{ name: "x", key: "image", dataType, shape }],
    outputs: [{ name: "y", key: "scores", dataType: "float32", shape: [null, 3] }],
    nodes: [
      node("Cast", ["x"], "floats", { to: 1 }),
      node("ReduceMean", ["floats", "axes"], "means", { keepdims: 0 }),
      node("Softmax", ["means"], "y", { axis: -1 }),
    ],
    constants: new Map([["axes", { dataType: "int64", shape: [2], data: BigInt64Array.from(axes, BigInt) }]]),
  };
}

/** Pictures of one colour each. */
function colours(colour: readonly (readonly number[])[], area: number): Float32Array {
  return Float32Array.from(colour.flatMap((one) => Array.from({ length: area }, () => one).flat()));
}

const softmax = (scores: readonly number[]) => {
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  return scores.map((score) => Math.exp(score) / total);
};

const COLOURS = [
  [1, 2, 3],
  [0, 0, 5],
  [4, 1, 0],
  [2, 2, 2],
  [9, 8, 9],
];

async function expectColours(model: LoadedModel, area: number, options = {}): Promise<void> {
  const probabilities = await model.classify(colours(COLOURS, area), COLOURS.length, options);
  const expected = COLOURS.flatMap(softmax);
  expect(probabilities).toHaveLength(expected.length);
  for (const [index, one] of expected.entries()) expect(probabilities[index]).toBeCloseTo(one, 5);
}

describe("classify", () => {
  test.each([
    { title: "any number of rows", graph: pictureGraph([null, 4, 6, 3]) },
    { title: "one row a run", graph: pictureGraph([1, 4, 6, 3]) },
    { title: "two rows a run", graph: pictureGraph([2, 4, 6, 3]) },
    { title: "channels first", graph: pictureGraph([null, 3, 4, 6], { axes: [2, 3] }) },
    { title: "channels first, four rows a run", graph: pictureGraph([4, 3, 4, 6], { axes: [2, 3] }) },
    { title: "open height", graph: pictureGraph([null, null, 6, 3]) },
    { title: "uint8", graph: pictureGraph([null, 4, 6, 3], { dataType: "uint8" }) },
    { title: "int32", graph: pictureGraph([null, 4, 6, 3], { dataType: "int32" }) },
    { title: "float64", graph: pictureGraph([null, 4, 6, 3], { dataType: "float64" }) },
    { title: "float16", graph: pictureGraph([null, 4, 6, 3], { dataType: "float16" }) },
  ])("a model that takes $title", async ({ graph }) => {
    for (const sessions of [1, 2]) {
      await using model = await open(graph, { sessions });
      await expectColours(model, 24);
    }
  });

  test("a signature that states float64 where the graph computes in float32", async () => {
    await using model = await open(pictureGraph([null, 4, 6, 3]), { stated: "float64" });
    await expectColours(model, 24);
    const input: Tensor = { dataType: "float64", shape: [1, 4, 6, 3], data: new Float64Array(72).fill(2) };
    const { scores } = await model.predict({ image: input });
    expect(scores).toMatchObject({ dataType: "float64", shape: [1, 3] });
  });

  test("an open size is a square unless it is told", async () => {
    await using model = await open(pictureGraph([null, null, null, 3]));
    expect(model.pictureInput).toMatchObject({ height: null, width: null, batch: null });
    await expectColours(model, 25);
    await expectColours(model, 24, { size: { height: 4, width: 6 } });
    await expect(model.classify(colours(COLOURS, 24), 5)).rejects.toMatchObject({ code: "MODEL_INPUT" });
  });

  test.each([
    ["a value too few", [null, 4, 6, 3], new Float32Array(71), "MODEL_INPUT"],
    ["another size", [null, 4, 5, 3], new Float32Array(72), "MODEL_INPUT"],
    ["four channels", [null, 4, 6, 4], new Float32Array(96), "MODEL_INPUT"],
    ["not a number", [null, 4, 6, 3], new Float32Array(72).fill(Number.NaN), "MODEL_RUN"],
  ] as const)("%s is an error", async (_, shape, pixels, code) => {
    await using model = await open(pictureGraph(shape));
    await expect(model.classify(pixels, 1)).rejects.toMatchObject({ code });
  });

  test("fractions and values beyond a byte are no pixels of an integer input", async () => {
    await using model = await open(pictureGraph([null, 1, 1, 3], { dataType: "uint8" }));
    for (const wrong of [0.5, -1, 256, Number.NaN]) {
      await expect(model.classify(Float32Array.of(1, wrong, 3), 1)).rejects.toMatchObject({
        code: "MODEL_INPUT",
        message: expect.stringContaining(`a pixel is ${wrong}`),
      });
    }
  });

  test("the row that is not finite is named, counted over all runs", async () => {
    await using model = await open(pictureGraph([1, 1, 1, 3]), { sessions: 2 });
    const pixels = Float32Array.of(1, 2, 3, 1, 2, 3, 1, Number.POSITIVE_INFINITY, 3, 1, 2, 3);
    await expect(model.classify(pixels, 4)).rejects.toMatchObject({ code: "MODEL_RUN", details: { row: 2 } });
  });

  test("the caller's pixels stay", async () => {
    await using model = await open(pictureGraph([null, 1, 1, 3]));
    const pixels = Float32Array.of(1, 2, 3);
    await model.classify(pixels, 1);
    expect(pixels).toEqual(Float32Array.of(1, 2, 3));
  });

  test("an abort is INTERRUPTED", async () => {
    await using model = await open(pictureGraph([1, 4, 6, 3]));
    const signal = AbortSignal.abort();
    await expect(model.classify(colours(COLOURS, 24), 5, { signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });
});

describe("predict", () => {
  /** Two outputs of two inputs: the sum, and the first input as it is. */
  const sums: Graph = {
    inputs: [
      { name: "a:0", key: "a", dataType: "float32", shape: [null, 2] },
      { name: "b:0", key: "b", dataType: "float32", shape: [null, 2] },
    ],
    outputs: [
      { name: "sum", key: "sum", dataType: "float32", shape: [null, 2] },
      { name: "sum", key: "again", dataType: "float32", shape: [null, 2] },
      { name: "a:0", key: "same", dataType: "float32", shape: [null, 2] },
      { name: "c", key: "constant", dataType: "float32", shape: [1] },
    ],
    nodes: [node("Add", ["a:0", "b:0"], "sum")],
    constants: new Map([["c", { dataType: "float32", shape: [1], data: Float32Array.of(7) }]]),
  };
  const pair = (rows: number, from: number): Tensor => ({
    dataType: "float32",
    shape: [rows, 2],
    data: Float32Array.from({ length: rows * 2 }, (_, index) => from + index),
  });

  test("outputs that are inputs, constants or each other's twins come out too", async () => {
    await using model = await open(sums);
    const outputs = await model.predict({ a: pair(2, 0), b: pair(2, 10) });
    expect(Object.keys(outputs)).toEqual(["sum", "again", "same", "constant"]);
    expect(outputs.sum).toEqual({
      dataType: "float32",
      shape: [2, 2],
      data: Float32Array.of(10, 12, 14, 16),
    });
    expect(outputs.again).toEqual(outputs.sum);
    expect(outputs.same).toEqual(pair(2, 0));
    expect(outputs.constant?.data).toEqual(Float32Array.of(7));
  });

  test("rows in batches are the rows at once; progress counts them", async () => {
    const [sum, again, same] = sums.outputs;
    await using model = await open({ ...sums, outputs: [sum!, again!, same!] }, { sessions: 2 });
    const seen: number[] = [];
    const inputs = { a: pair(11, 0), b: pair(11, 5) };
    const batched = await model.predict(inputs, { batch: 3, onProgress: (rows) => seen.push(rows) });
    expect(batched).toEqual(await model.predict(inputs));
    expect(seen.at(-1)).toBe(11);
    expect(seen).toHaveLength(4);
  });

  test("an output without rows of its own cannot be put together from batches", async () => {
    await using model = await open(sums);
    await expect(model.predict({ a: pair(4, 0), b: pair(4, 0) }, { batch: 2 })).rejects.toMatchObject({
      code: "MODEL_OUTPUT",
      message: expect.stringContaining('"constant"'),
    });
  });

  test("strings go in and out", async () => {
    const words = (...list: string[]): Tensor => ({
      dataType: "string",
      shape: [list.length],
      data: list.map((word) => new TextEncoder().encode(word)),
    });
    await using model = await open({
      inputs: [{ name: "x", key: "x", dataType: "string", shape: [null] }],
      outputs: [{ name: "y", key: "y", dataType: "string", shape: [null] }],
      nodes: [node("Identity", ["x"], "y")],
      constants: new Map(),
    });
    expect(await model.predict({ x: words("né", "", "b") })).toEqual({ y: words("né", "", "b") });
  });

  test("after closing, nothing runs", async () => {
    const model = await open(sums);
    await model.close();
    await expect(model.predict({ a: pair(1, 0), b: pair(1, 0) })).rejects.toMatchObject({
      code: "MODEL_RUN",
    });
  });
});
