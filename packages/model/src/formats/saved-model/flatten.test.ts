import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import type { Graph } from "../../graph/graph.ts";
import { readSavedModelFiles } from "./saved-model.ts";

// SavedModels of a few nodes, written field by field: what no TensorFlow would save.

type Write = (writer: BinaryWriter) => BinaryWriter;
const msg = (...parts: readonly Write[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const part of parts) part(writer);
  return writer.finish();
};
const bytes =
  (field: number, value: Uint8Array): Write =>
  (w) =>
    w.uint32(field * 8 + 2).bytes(value);
const text =
  (field: number, value: string): Write =>
  (w) =>
    w.uint32(field * 8 + 2).string(value);
const int =
  (field: number, value: number): Write =>
  (w) =>
    w.uint32(field * 8).int64(value);
const map = (field: number, key: string, value: Uint8Array): Write =>
  bytes(field, msg(text(1, key), bytes(2, value)));

const FLOAT = 1;
const BOOL = 10;
const STRING = 7;

type Attributes = Readonly<Record<string, Uint8Array>>;
const type = (dtype: number): Uint8Array => msg(int(6, dtype));
const func = (name: string, attributes: Attributes = {}): Uint8Array =>
  msg(bytes(10, msg(text(1, name), ...Object.entries(attributes).map(([key, value]) => map(2, key, value)))));
const placeholder = (name: string): Uint8Array => msg(text(9, name));
const tensor = (...parts: readonly Write[]): Uint8Array => msg(bytes(8, msg(...parts)));
const truth = (value: boolean): Attributes => ({
  value: tensor(int(1, BOOL), bytes(2, msg()), int(11, Number(value))),
});

const node = (
  name: string,
  op: string,
  inputs: readonly string[] = [],
  attributes: Attributes = {},
): Uint8Array =>
  msg(
    text(1, name),
    text(2, op),
    ...inputs.map((input) => text(3, input)),
    ...Object.entries(attributes).map(([key, value]) => map(5, key, value)),
  );

interface FunctionParts {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly nodes: readonly Uint8Array[];
  readonly results: Readonly<Record<string, string>>;
}
const definition = ({ name, parameters, nodes, results }: FunctionParts): Uint8Array =>
  msg(
    bytes(
      1,
      msg(
        text(1, name),
        ...parameters.map((p) => bytes(2, msg(text(1, p), int(3, FLOAT)))),
        ...Object.keys(results).map((r) => bytes(3, msg(text(1, r), int(3, FLOAT)))),
      ),
    ),
    ...nodes.map((each) => bytes(3, each)),
    ...Object.entries(results).map(([key, input]) => bytes(4, msg(text(1, key), text(2, input)))),
  );

interface Parts {
  readonly nodes: readonly Uint8Array[];
  readonly functions?: readonly FunctionParts[];
  /** The tensor that the signature gives out. */
  readonly output: string;
  readonly ops?: readonly Uint8Array[];
}
const INPUT = node("x", "Placeholder", [], { dtype: type(FLOAT) });

function read({ nodes, functions = [], output, ops = [] }: Parts): Graph {
  const info = (name: string): Uint8Array => msg(text(1, name), int(2, FLOAT), bytes(3, msg()));
  const file = msg(
    bytes(
      2,
      msg(
        bytes(1, msg(text(4, "serve"), bytes(2, msg(...ops.map((op) => bytes(1, op)))))),
        bytes(
          2,
          msg(
            ...nodes.map((each) => bytes(1, each)),
            bytes(2, msg(...functions.map((f) => bytes(1, definition(f))))),
          ),
        ),
        map(5, "serving_default", msg(map(1, "x", info("x:0")), map(2, "y", info(output)))),
      ),
    ),
  );
  return readSavedModelFiles(
    { files: new Map([["saved_model.pb", file]]), folder: "", place: "m" },
    undefined,
  ).graph;
}
const ops = (graph: Graph): readonly string[] => graph.nodes.map(({ op }) => op);
const broken = (message: string | RegExp) =>
  expect.objectContaining({ code: "MODEL_BROKEN", message: expect.stringMatching(message) });

const identityFunction = (name: string): FunctionParts => ({
  name,
  parameters: ["a"],
  nodes: [],
  results: { out: "a" },
});
const callOf = (name: string, f: string, input: string): Uint8Array =>
  node(name, "PartitionedCall", [input], { f: func(f) });

test("a chain of 20,000 nodes is no trouble", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => node(`n${i}`, "Neg", [i === 0 ? "x" : `n${i - 1}`]));
  const graph = read({ nodes: [INPUT, ...chain.reverse()], output: "n19999:0" });
  expect(graph.nodes).toHaveLength(20_000);
  expect(graph.nodes[0]?.inputs).toEqual(["x"]);
});

test.each([
  {
    name: "a cycle",
    parts: { nodes: [node("a", "Neg", ["b"]), node("b", "Neg", ["a"])], output: "a:0" },
    found: "cycle",
  },
  { name: "a node of itself", parts: { nodes: [node("a", "Neg", ["a"])], output: "a:0" }, found: "cycle" },
  {
    name: "no such node",
    parts: { nodes: [node("a", "Neg", ["gone"])], output: "a:0" },
    found: 'no node "gone"',
  },
  { name: "no such output node", parts: { nodes: [], output: "y:0" }, found: 'no node "y"' },
  {
    name: "two nodes of one name",
    parts: { nodes: [INPUT, INPUT], output: "x:0" },
    found: 'two nodes are named "x"',
  },
  {
    name: "no such function",
    parts: { nodes: [INPUT, callOf("c", "gone", "x")], output: "c:0" },
    found: '"gone" is called',
  },
  {
    name: "a placeholder that nothing feeds",
    parts: { nodes: [node("p", "Placeholder")], output: "p:0" },
    found: '"p", which the signature does not feed',
  },
  {
    name: "a variable without a value",
    parts: { nodes: [node("v", "VarHandleOp"), node("r", "ReadVariableOp", ["v"])], output: "r:0" },
    found: 'variable "v" has no value',
  },
  {
    name: "a Const without a value",
    parts: { nodes: [node("c", "Const")], output: "c:0" },
    found: 'Const "c" has no value',
  },
  {
    name: "the wrong count of inputs",
    parts: {
      nodes: [INPUT, node("c", "PartitionedCall", [], { f: func("f") })],
      functions: [identityFunction("f")],
      output: "c:0",
    },
    found: "called with 0 inputs, expected 1",
  },
])("$name is MODEL_BROKEN", ({ parts, found }) => {
  expect(() => read(parts)).toThrowError(broken(found));
});

test("a function that calls itself, directly or not, is refused", () => {
  const calls = (name: string, other: string): FunctionParts => ({
    name,
    parameters: ["a"],
    nodes: [callOf("c", other, "a")],
    results: { out: "c:output:0" },
  });
  const nodes = [INPUT, callOf("top", "f", "x")];
  expect(() => read({ nodes, functions: [calls("f", "f")], output: "top:0" })).toThrowError(
    broken('"f" calls itself'),
  );
  expect(() => read({ nodes, functions: [calls("f", "g"), calls("g", "f")], output: "top:0" })).toThrowError(
    broken("calls itself"),
  );
});

test("functions that double at every level are stopped, with or without nodes of their own", () => {
  const level = (i: number): FunctionParts => ({
    name: `f${i}`,
    parameters: ["a"],
    nodes: [callOf("p", `f${i + 1}`, "a"), callOf("q", `f${i + 1}`, "p:output:0")],
    results: { out: "q:output:0" },
  });
  const levels = Array.from({ length: 40 }, (_, i) => level(i));
  const nodes = [INPUT, callOf("top", "f0", "x")];
  const ends: readonly FunctionParts[] = [
    identityFunction("f40"),
    { name: "f40", parameters: ["a"], nodes: [node("n", "Neg", ["a"])], results: { out: "n:y:0" } },
  ];
  for (const end of ends) {
    expect(() => read({ nodes, functions: [...levels, end], output: "top:0" })).toThrowError(
      broken(/call each other too often|more than 200000 nodes/),
    );
  }
});

test("a call's attributes replace the placeholders in its function", () => {
  const f: FunctionParts = {
    name: "f",
    parameters: ["a"],
    nodes: [node("n", "Cast", ["a"], { DstT: placeholder("T") })],
    results: { out: "n:y:0" },
  };
  const graph = read({
    nodes: [INPUT, node("c", "PartitionedCall", ["x"], { f: func("f", { T: type(9) }) })],
    functions: [f],
    output: "c:0",
  });
  expect({ ...graph.nodes[0]?.attributes }).toEqual({ DstT: "int64" });
});

test("a function may be called by its name, and a node keeps a name of its own each time", () => {
  const f: FunctionParts = {
    name: "Twice",
    parameters: ["a"],
    nodes: [node("n", "Neg", ["a"])],
    results: { out: "n:y:0" },
  };
  const graph = read({
    nodes: [INPUT, node("c", "Twice", ["x"]), node("d", "Twice", ["c"])],
    functions: [f],
    output: "d:0",
  });
  expect(graph.nodes.map(({ name, inputs }) => [name, inputs])).toEqual([
    ["n", ["x"]],
    ["d/n", ["n"]],
  ]);
});

test("in functions an output is found by its name in the file's list of ops", () => {
  const argument = (name: string, numberAttr = ""): Write =>
    bytes(3, msg(text(1, name), ...(numberAttr ? [text(5, numberAttr)] : [])));
  const splitThenOne = msg(text(1, "Parts"), argument("first", "N"), argument("last"));
  const f = (input: string): FunctionParts => ({
    name: "f",
    parameters: ["a"],
    nodes: [node("n", "Parts", ["a"], { N: msg(int(3, 3)) })],
    results: { out: input },
  });
  const graph = (input: string): Graph =>
    read({
      nodes: [INPUT, callOf("c", "f", "x")],
      functions: [f(input)],
      output: "c:0",
      ops: [splitThenOne],
    });
  expect(graph("n:first:2").outputs[0]?.name).toBe("n:2");
  expect(graph("n:last:0").outputs[0]?.name).toBe("n:3");
  expect(graph("n:last:0").nodes[0]?.outputs).toEqual(["n", "n:1", "n:2", "n:3"]);
  expect(() => graph("n:other:0")).toThrowError(broken('no output "other"'));
  expect(() => graph("n:last:7")).toThrowError(broken("refers to an output that its node does not have"));
});

test("names cannot be made to collide with other values", () => {
  const nodes = [
    INPUT,
    node("a", "Split", ["x"]),
    node("a:1", "Neg", ["x"]),
    node("b", "Pack", ["a", "a:1"]),
  ];
  const { outputs } = { outputs: read({ nodes, output: "b:0" }).nodes.flatMap((each) => each.outputs) };
  expect(new Set(outputs).size).toBe(outputs.length);
});

test("a random op that only a branch not taken needs is no matter, one that is needed is refused", () => {
  const random = node("dropout/random_uniform", "RandomUniform", ["x"]);
  const parts = (taken: boolean): Parts => ({
    nodes: [
      INPUT,
      node("training", "Const", [], truth(taken)),
      node("not", "LogicalNot", ["training"]),
      random,
      node("switch", "Switch", ["x", "not"]),
      node("noisy", "Mul", ["switch", "dropout/random_uniform"]),
      node("merge", "Merge", ["noisy", "switch:1"]),
    ],
    output: "merge:0",
  });
  expect(ops(read(parts(false)))).toEqual([]);
  expect(() => read(parts(true))).toThrowError(
    expect.objectContaining({
      code: "MODEL_RANDOM",
      details: expect.objectContaining({ layers: ["dropout"] }),
    }),
  );
});

test("a random op inside a branch that nothing decides is refused too", () => {
  const branch = (name: string, op: string): FunctionParts => ({
    name,
    parameters: ["a"],
    nodes: [node("n", op, ["a"])],
    results: { out: "n:y:0" },
  });
  const If = node("if", "StatelessIf", ["x", "x"], {
    then_branch: func("noisy"),
    else_branch: func("still"),
  });
  const graph = (noisy: string): Graph =>
    read({ nodes: [INPUT, If], functions: [branch("noisy", noisy), branch("still", "Neg")], output: "if:0" });
  expect(graph("Abs").nodes[0]).toMatchObject({ op: "StatelessIf", attributes: { then_branch: "noisy" } });
  expect(() => graph("RandomStandardNormal")).toThrowError(expect.objectContaining({ code: "MODEL_RANDOM" }));
});

test("a variable that the signature itself changes is refused, if the outputs read it", () => {
  const f: FunctionParts = {
    name: "f",
    parameters: ["v"],
    nodes: [node("add", "AssignAddVariableOp", ["v", "v"]), node("r", "ReadVariableOp", ["v"])],
    results: { out: "r:value:0" },
  };
  expect(() =>
    read({ nodes: [node("v", "VarHandleOp"), callOf("c", "f", "v")], functions: [f], output: "c:0" }),
  ).toThrowError(
    expect.objectContaining({
      code: "MODEL_OP_UNSUPPORTED",
      message: expect.stringContaining("changes variables"),
    }),
  );
});

test("a constant that repeats one value cannot fill memory", () => {
  const huge = bytes(2, msg(bytes(2, msg(int(1, 2 ** 20))), bytes(2, msg(int(1, 2 ** 20)))));
  for (const dtype of [FLOAT, STRING]) {
    const value = { value: tensor(int(1, dtype), huge) };
    expect(() => read({ nodes: [node("c", "Const", [], value)], output: "c:0" })).toThrowError(
      broken("more memory than allowed"),
    );
  }
  const negative = bytes(2, msg(bytes(2, msg(int(1, -5)))));
  expect(() =>
    read({ nodes: [node("c", "Const", [], { value: tensor(int(1, FLOAT), negative) })], output: "c:0" }),
  ).toThrowError(broken("negative size"));
});

test("constants: raw bytes, lists whose last value repeats, and none at all", () => {
  const shape = bytes(2, msg(bytes(2, msg(int(1, 3)))));
  const constant = (...parts: readonly Write[]) =>
    read({ nodes: [node("c", "Const", [], { value: tensor(...parts) })], output: "c:0" }).constants.get("c");
  const float =
    (value: number): Write =>
    (w) =>
      w.uint32(5 * 8 + 5).float(value);
  expect(
    constant(int(1, 3), shape, bytes(4, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255))),
  ).toEqual({ dataType: "int32", shape: [3], data: Int32Array.of(1, 2, -1) });
  expect(constant(int(1, FLOAT), shape, float(1.5), float(2.5))?.data).toEqual(
    Float32Array.of(1.5, 2.5, 2.5),
  );
  expect(constant(int(1, 9), shape, int(10, -7))?.data).toEqual(BigInt64Array.of(-7n, -7n, -7n));
  expect(constant(int(1, 14), shape, int(13, 0x3fc0))?.data).toEqual(Uint16Array.of(0x3fc0, 0x3fc0, 0x3fc0));
  expect(constant(int(1, FLOAT), shape)?.data).toEqual(Float32Array.of(0, 0, 0));
  expect(() => constant(int(1, FLOAT), shape, bytes(4, Uint8Array.of(1, 2, 3)))).toThrowError(
    broken("3 bytes for float32 \\[3\\], expected 12"),
  );
  expect(() => constant(int(1, 8), shape)).toThrowError(
    expect.objectContaining({ code: "MODEL_OP_UNSUPPORTED" }),
  );
});
