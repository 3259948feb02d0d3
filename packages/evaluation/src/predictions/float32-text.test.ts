import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { float32Text } from "./float32-text.ts";

const golden: { numpy: string; rows: [bits: number, text: string][] } = JSON.parse(
  readFileSync(new URL("../../golden/float32-text.json", import.meta.url), "utf8"),
);

function fromBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? Number.NaN;
}

test(`${golden.rows.length} values have the digits that numpy ${golden.numpy} prints, every power of two among them`, () => {
  const wrong = golden.rows.filter(([bits, text]) => Number(float32Text(fromBits(bits))) !== Number(text));
  expect(wrong.map(([bits, text]) => [text, float32Text(fromBits(bits))])).toEqual([]);
});

test("every finite float32 reads back to itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
      const value = fromBits(bits >>> 0);
      fc.pre(Number.isFinite(value));
      expect(Object.is(Math.fround(Number(float32Text(value))), value) || value === 0).toBe(true);
    }),
    { numRuns: 20_000, seed: 4 },
  );
});

test.each([
  [0, "0"],
  [-0, "0"],
  [1, "1"],
  [0.5, "0.5"],
  [Math.fround(0.1), "0.1"],
  [Math.fround(1 / 3), "0.33333334"],
  [Math.fround(1e-7), "1e-7"],
  [Number.NaN, ""],
  [Number.POSITIVE_INFINITY, ""],
])("%f is written as %j", (value, text) => {
  expect(float32Text(value)).toBe(text);
});
