import { readFileSync } from "node:fs";
import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue, Graph, Node } from "../graph/graph.ts";
import { tensorOf } from "../graph/tensor-numbers.ts";
import { foldDilation } from "../passes/fold-dilation.ts";
import { runPasses } from "../passes/passes.ts";
import type { DataType, Tensor } from "../tensor.ts";
import { lower } from "./lower.ts";

interface SavedTensor {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly op: string;
  readonly attributes: Node["attributes"];
  readonly inputs: readonly (SavedTensor & { readonly fed: boolean })[];
  readonly outputs: readonly SavedTensor[];
}

const GOLDEN = new URL("../../golden/lowerings.json", import.meta.url);
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(GOLDEN, "utf8"));

const oddNumber = fc.constantFrom(
  -(2 ** 40),
  -7,
  -1,
  0,
  1,
  2,
  3,
  1000,
  2 ** 20,
  2 ** 31,
  2 ** 53,
  0.5,
  Number.NaN,
);
const oddAttribute: fc.Arbitrary<AttributeValue> = fc.oneof(
  oddNumber,
  fc.boolean(),
  fc.constantFrom("", "SAME", "NCHW", "float32", "string", "->", "a->", "abc,cd"),
  fc.array(oddNumber, { maxLength: 6 }),
);
const oddTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dataType: fc.constantFrom<DataType>("float32", "int32", "int64", "bool", "float64"),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
    number: oddNumber,
  })
  .map(({ dataType, shape, number }) =>
    tensorOf(dataType, shape, new Float64Array(shape.reduce((count, size) => count * size, 1)).fill(number)),
  );

interface Damage {
  readonly attributes: Readonly<Record<string, AttributeValue | null>>;
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly shapes: ReadonlyMap<string, readonly (number | null)[] | null>;
  readonly inputs: number;
}

/** A case as a graph, with some of its attributes, constants, shapes and inputs replaced. */
function damaged(saved: Case, damage: Damage): Graph {
  const names = saved.inputs.map((_, index) => `in${index}`);
  const attributes = Object.fromEntries(
    Object.entries({ ...saved.attributes, ...damage.attributes }).flatMap(([key, value]) =>
      value === null ? [] : [[key, value]],
    ),
  );
  const outputs = saved.outputs.map((_, index) => (index === 0 ? "out" : `out:${index}`));
  const constants = saved.inputs.flatMap(({ fed, ...value }, index) => {
    const tensor = damage.constants.get(`in${index}`) ?? tensorOf(value.dataType, value.shape, value.data);
    return fed ? [] : [[`in${index}`, tensor] as const];
  });
  return {
    inputs: saved.inputs.flatMap(({ fed, dataType, shape }, index) => {
      const name = `in${index}`;
      const given = damage.shapes.has(name) ? damage.shapes.get(name)! : shape;
      return fed ? [{ name, key: name, dataType, shape: given }] : [];
    }),
    outputs: [{ name: "out", key: "y", dataType: saved.outputs[0]!.dataType, shape: null }],
    constants: new Map(constants),
    nodes: [{ name: "out", op: saved.op, inputs: names.slice(0, damage.inputs), outputs, attributes }],
  };
}

const harmed = fc.constantFrom(...cases).chain((saved) => {
  const keys = Object.keys(saved.attributes);
  const names = saved.inputs.map((_, index) => `in${index}`);
  const attribute = fc.option(oddAttribute, { nil: null });
  const shape = fc.option(
    fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }), { maxLength: 6 }),
    { nil: null },
  );
  const some = <T>(of: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
    of.length === 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom(...of), value, { maxKeys: 2 });
  return fc
    .record({
      attributes: some(keys, attribute),
      constants: some(names, oddTensor),
      shapes: some(names, shape),
      inputs: fc.oneof(
        { weight: 4, arbitrary: fc.constant(names.length) },
        { weight: 1, arbitrary: fc.nat(names.length) },
      ),
    })
    .map(({ attributes, constants, shapes, inputs }) => {
      const damage = {
        attributes,
        inputs,
        constants: new Map(Object.entries(constants)),
        shapes: new Map(Object.entries(shapes)),
      };
      return { op: saved.op, damage, graph: damaged(saved, damage) };
    });
});

test("a damaged op is lowered, or is an error of the input", () => {
  fc.assert(
    fc.property(harmed, ({ graph }) => {
      try {
        runPasses(lower(foldDilation(graph)));
      } catch (error) {
        expect(error).toBeInstanceOf(FieldmarkError);
      }
    }),
    { numRuns: 2500, seed: 1 },
  );
});
