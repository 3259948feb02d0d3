import { expect, test } from "vitest";
import { GraphBuilder } from "./graph-builder.ts";
import { floats } from "./run-graph.test-support.ts";
import { elementsOf, type Value } from "./value.ts";

const builderWithImages = (): { readonly builder: GraphBuilder; readonly x: Value } => {
  const builder = new GraphBuilder();
  builder.scope = "node";
  return { builder, x: builder.input({ name: "x", key: "x", dataType: "float32", shape: [null, 7, 5, 6] }) };
};

test("a shape that is taken apart and put together again folds, with the batch as a symbol", () => {
  const { builder, x } = builderWithImages();
  const shape = builder.emit("Shape", [x]);
  const at = (index: number): Value => builder.emit("Gather", [shape, builder.ints([index])], { axis: 0 });
  const space = builder.emit("Mul", [at(1), at(2)]);
  const rows = builder.emit("Mul", [at(0), space]);
  const target = builder.emit("Concat", [rows, at(3)], { axis: 0 });
  expect(space.constant?.data).toEqual(BigInt64Array.of(35n));
  expect(elementsOf(target)).toEqual([`35*${x.shape?.[0]}`, 6]);
  expect(builder.emit("Reshape", [x, target]).shape).toEqual([`35*${x.shape?.[0]}`, 6]);
});

test("what is emitted twice is one node, and what no output needs is left out", () => {
  const { builder, x } = builderWithImages();
  const [first, second] = [builder.emit("Relu", [x]), builder.emit("Relu", [x])];
  expect(second).toBe(first);
  builder.emit("Exp", [first]);
  const sum = builder.emit("Add", [first, builder.scalar(2, "float32")]);
  builder.scalar(3, "float32");
  const graph = builder.finish([{ name: "y", key: "y", dataType: "float32", shape: null, value: sum }]);
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Relu", "Add"]);
  expect([...graph.constants.values()].map(({ data }) => data)).toEqual([Float32Array.of(2)]);
  expect(graph.outputs).toEqual([{ name: sum.name, key: "y", dataType: "float32", shape: [null, 7, 5, 6] }]);
});

test("constants fold; a Reshape of a large one is a view of its data", () => {
  const builder = new GraphBuilder();
  const weights = floats([300, 400], 1);
  const reshaped = builder.emit("Reshape", [builder.constant(weights, "w"), builder.ints([-1])]);
  expect(reshaped.constant?.data).toBe(weights.data);
  expect(reshaped.constant?.shape).toEqual([120_000]);
});

test("a constant that would grow beyond bounds is left to the runtime", () => {
  const builder = new GraphBuilder();
  const large = builder.emit("Expand", [builder.scalar(1, "float32"), builder.ints([40_000, 40_000])]);
  expect(large.constant).toBeNull();
  expect(large.shape).toEqual([40_000, 40_000]);
});
