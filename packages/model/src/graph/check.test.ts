import { expect, test } from "vitest";
import { checkGraph } from "./check.ts";
import type { Graph, Node } from "./graph.ts";

const node = (name: string, op: string, inputs: readonly string[]): Node => ({
  name,
  op,
  inputs,
  outputs: [name],
  attributes: {},
});

const sound: Graph = {
  inputs: [{ name: "x", key: "x", dataType: "float32", shape: [null, 4] }],
  outputs: [{ name: "b", key: "y", dataType: "float32", shape: [null, 4] }],
  constants: new Map([["c", { dataType: "float32", shape: [4], data: new Float32Array(4) }]]),
  nodes: [node("a", "Add", ["x", "c"]), node("b", "Relu", ["a"])],
};

test("a sound graph passes", () => {
  expect(() => checkGraph(sound, "a pass")).not.toThrow();
});

const ints = { dataType: "int32", shape: [4], data: new Int32Array(4) } as const;
const broken: readonly (readonly [found: string, graph: Graph])[] = [
  ['two values are called "a"', { ...sound, nodes: [...sound.nodes, node("a", "Relu", ["x"])] }],
  ['"b" uses "a" before it is made', { ...sound, nodes: [...sound.nodes].reverse() }],
  ['"b" is a Conv9', { ...sound, nodes: [node("b", "Conv9", ["x"])] }],
  ['nothing makes the output "y"', { ...sound, nodes: [] }],
  ['"a" (Add) mixes element types', { ...sound, constants: new Map([["c", ints]]) }],
  [
    'output "y" is float32, stated int64',
    { ...sound, outputs: [{ ...sound.outputs[0]!, dataType: "int64" }] },
  ],
  ['output "y" is [,4], stated [,5]', { ...sound, outputs: [{ ...sound.outputs[0]!, shape: [null, 5] }] }],
];

test.each(broken)("%s", (found, graph) => {
  expect(() => checkGraph(graph, "a pass")).toThrow(`a pass made a broken graph: ${found}`);
});
