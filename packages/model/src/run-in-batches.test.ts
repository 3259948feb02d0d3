import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkInputs } from "./check-inputs.ts";
import type { ValueType } from "./graph/graph.ts";
import { joinRows, planBatches, rowsOf } from "./run-in-batches.ts";
import type { Tensor } from "./tensor.ts";

const tensor = (rows: number, width = 2): Tensor => ({
  dataType: "float32",
  shape: [rows, width],
  data: Float32Array.from({ length: rows * width }, (_, index) => index),
});

test("rows that are split, padded and joined are the rows", () => {
  const sizes = {
    rows: fc.integer({ min: 1, max: 20 }),
    step: fc.integer({ min: 1, max: 7 }),
    fixed: fc.boolean(),
  };
  fc.assert(
    fc.property(fc.record(sizes), ({ rows, step, fixed }) => {
      const batches = planBatches({ rows, fixed: fixed ? step : null, most: step });
      const parts = batches.map((batch) => ({ batch, output: rowsOf(tensor(rows), batch) }));
      for (const { output } of parts) {
        if (fixed) expect(output.shape[0]).toBe(step);
        else expect(output.shape[0]).toBeLessThanOrEqual(step);
      }
      expect(joinRows("y", parts)).toEqual(tensor(rows));
    }),
  );
});

test("strings are split and padded too", () => {
  const words = ["a", "b", "c"].map((word) => new TextEncoder().encode(word));
  const strings: Tensor = { dataType: "string", shape: [3], data: words };
  const batches = planBatches({ rows: 3, fixed: 2 });
  const parts = batches.map((batch) => ({ batch, output: rowsOf(strings, batch) }));
  expect(parts[1]?.output.data).toEqual([words[2], words[2]]);
  expect(joinRows("y", parts)).toEqual(strings);
});

test("padding repeats the last row", () => {
  expect(rowsOf(tensor(3), { start: 2, rows: 1, padded: 3 }).data).toEqual(Float32Array.of(4, 5, 4, 5, 4, 5));
});

test("an output without a row for each row of the input cannot be joined", () => {
  const [first, second] = planBatches({ rows: 4, fixed: 2 });
  const sum = tensor(1);
  expect(() =>
    joinRows("sum", [
      { batch: first!, output: sum },
      { batch: second!, output: sum },
    ]),
  ).toThrow(/"sum" has the shape \[1, 2\] for 2 rows/);
});

describe("inputs are held against the signature", () => {
  const image: ValueType = { dataType: "float32", shape: [null, 2] };
  const check = (inputs: Record<string, Tensor>, signature: Record<string, ValueType>) =>
    checkInputs(inputs, signature, "model.tar.gz");

  test("rows and the fixed number of them", () => {
    expect(check({ x: tensor(5) }, { x: image })).toEqual({ rows: 5, fixed: null });
    expect(check({ x: tensor(5) }, { x: { ...image, shape: [4, 2] } })).toEqual({ rows: 5, fixed: 4 });
    expect(check({ x: tensor(4) }, { x: { ...image, shape: [4, 2] } })).toEqual({ rows: 4, fixed: null });
    expect(check({ x: tensor(4) }, { x: { ...image, shape: null } })).toEqual({ rows: null, fixed: null });
    expect(check({ x: tensor(4), y: tensor(7) }, { x: image, y: image })).toEqual({
      rows: null,
      fixed: null,
    });
  });

  test.each([
    ["missing", {}, { x: image }, /input "x" is missing, expected x: float32 \[\?, 2\]/],
    ["unknown", { x: tensor(1), z: tensor(1) }, { x: image }, /no input "z"/],
    [
      "of another width",
      { x: tensor(1, 3) },
      { x: image },
      /"x" is float32 \[1, 3\], expected float32 \[\?, 2\]/,
    ],
    ["of another type", { x: tensor(1) }, { x: { ...image, dataType: "int32" } }, /expected int32/],
    ["of another rank", { x: tensor(1) }, { x: { ...image, shape: [null] } }, /expected float32 \[\?\]/],
    ["empty", { x: tensor(0) }, { x: image }, /it is empty/],
    ["short", { x: { ...tensor(2), shape: [3, 2] } }, { x: image }, /but holds 4 elements/],
    [
      "not to be split together",
      { x: tensor(4), y: tensor(6) },
      { x: { ...image, shape: [2, 2] }, y: image },
      /different numbers of rows and cannot be split/,
    ],
  ] as const)("an input that is %s", (_, inputs, signature, message) => {
    expect(() => check(inputs as Record<string, Tensor>, signature as Record<string, ValueType>)).toThrow(
      message,
    );
  });

  test("a name of every object's own prototype is no input", () => {
    expect(() => check({}, { constructor: image })).toThrow(/"constructor" is missing/);
  });
});
