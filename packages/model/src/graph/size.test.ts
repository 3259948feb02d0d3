import fc from "fast-check";
import { expect, test } from "vitest";
import { addSizes, divideSizes, multiplySizes, productOfSizes, type Size } from "./size.ts";

const symbol = fc.constantFrom("s0", "s1", "s2");
const size: fc.Arbitrary<Size> = fc
  .record({ factor: fc.integer({ min: 1, max: 50 }), symbols: fc.array(symbol, { maxLength: 3 }) })
  .map(({ factor, symbols }) => productOfSizes([factor, ...symbols]));
const assignment = fc.record({
  s0: fc.integer({ min: 1, max: 9 }),
  s1: fc.integer({ min: 1, max: 9 }),
  s2: fc.integer({ min: 1, max: 9 }),
});

/** What a size comes to once its symbols are known. */
const at = (value: Size, known: Readonly<Record<string, number>>): number =>
  typeof value === "number"
    ? value
    : value.split("*").reduce((product, part) => product * (known[part] ?? Number(part)), 1);

test("products, quotients and sums hold for whatever the symbols stand for", () => {
  fc.assert(
    fc.property(size, size, assignment, (a, b, known) => {
      const product = multiplySizes(a, b);
      expect(at(product, known)).toBe(at(a, known) * at(b, known));
      expect(divideSizes(product, b)).toBe(a);
      const sum = addSizes(a, b);
      if (sum !== null) expect(at(sum, known)).toBe(at(a, known) + at(b, known));
    }),
  );
});

test("equal products are equal strings, in whatever order they were made", () => {
  expect(multiplySizes("s1", multiplySizes(7, "s0"))).toBe(multiplySizes("s0", multiplySizes("s1", 7)));
  expect(multiplySizes("s0", multiplySizes("s1", 7))).toBe("7*s0*s1");
});

test("what does not divide, or is no single product, is null", () => {
  expect(divideSizes("7*s0", 2)).toBeNull();
  expect(divideSizes("7*s0", "s1")).toBeNull();
  expect(divideSizes(6, 0)).toBeNull();
  expect(addSizes("s0", 1)).toBeNull();
  expect(addSizes("s0", "3*s0")).toBe("4*s0");
});
