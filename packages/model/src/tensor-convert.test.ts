import { expect, test } from "vitest";
import type { DataType } from "./tensor.ts";
import { convertTensor, fromHalf, numbersOf, toHalf } from "./tensor-convert.ts";

test("every half survives the way to a number and back", () => {
  const changed: number[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromHalf(bits);
    if (!Number.isNaN(value) && toHalf(value) !== bits) changed.push(bits);
  }
  expect(changed).toEqual([]);
  expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
});

test.each([
  [0.1, 0x2e66],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [2 ** -25, 0],
  [1.5 * 2 ** -24, 2],
  [2047.9999 * 2 ** -24, 0x0800],
  [-1e-30, 0x8000],
] as const)("%d rounds to the half %d, as NumPy does", (value, bits) => {
  expect(toHalf(value)).toBe(bits);
});

test("types change, values stay", () => {
  const data = Float32Array.of(0, 1, 2, 255);
  for (const dataType of [
    "float64",
    "float16",
    "bfloat16",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
  ] as const satisfies readonly DataType[]) {
    const converted = convertTensor({ dataType: "float32", shape: [4], data }, dataType);
    expect([dataType, converted.dataType]).toEqual([dataType, dataType]);
    expect([dataType, ...Array.from(numbersOf(converted))]).toEqual([dataType, 0, 1, 2, 255]);
  }
});

test("bfloat16 rounds to nearest even", () => {
  const data = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.14);
  const { data: bits } = convertTensor({ dataType: "float32", shape: [3], data }, "bfloat16");
  expect(Array.from(bits as Uint16Array)).toEqual([0x3f80, 0x3f82, 0xc049]);
});
