import fc from "fast-check";
import { expect, test } from "vitest";
import { toProbabilities } from "./probabilities.ts";

const output = (kind: "probabilities" | "logits" | "sigmoid" | "sigmoid-logit", classes: number) => ({
  kind,
  classes,
  name: "p",
});

test("probabilities pass unchanged; rows that only pad are left out", () => {
  const scores = Float32Array.of(0.25, 0.75, 0.5, 0.5, 9, 9);
  expect(toProbabilities(scores, { rows: 2, output: output("probabilities", 2) })).toEqual(
    Float32Array.of(0.25, 0.75, 0.5, 0.5),
  );
});

test("softmax of logits does not overflow and is invariant under a shift", () => {
  const rows = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(rows, fc.integer({ min: -100_000, max: 100_000 }), (row, shift) => {
      const options = { rows: 1, output: output("logits", row.length) };
      const here = toProbabilities(row, options);
      const there = toProbabilities(
        row.map((score) => score + shift),
        options,
      );
      const total = row.reduce((sum, score) => sum + Math.exp(score), 0);
      for (const [index, score] of row.entries()) {
        expect(here[index]).toBeCloseTo(Math.exp(score) / total, 6);
        expect(there[index]).toBeCloseTo(here[index] ?? 0, 5);
      }
    }),
  );
});

test("one sigmoid is the probability of the second class", () => {
  expect(toProbabilities([0.25], { rows: 1, output: output("sigmoid", 2) })).toEqual(
    Float32Array.of(0.75, 0.25),
  );
  expect(toProbabilities([0, 1e9], { rows: 2, output: output("sigmoid-logit", 2) })).toEqual(
    Float32Array.of(0.5, 0.5, 0, 1),
  );
});

test.each([
  ["probabilities", [0.5, 0.5, Number.NaN, 1]],
  ["probabilities", [0.5, 0.5, -0.5, 1.5]],
  ["logits", [1, 2, Number.POSITIVE_INFINITY, 0]],
  ["logits", [1, 2, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["sigmoid", [0.5, Number.NaN]],
  ["sigmoid", [0.5, 1.5]],
  ["sigmoid-logit", [0, Number.POSITIVE_INFINITY]],
] as const)("%s %j is an error that names the row", (kind, scores) => {
  expect(() => toProbabilities(scores, { rows: 2, output: output(kind, 2), firstRow: 30 })).toThrow(/row 31/);
});

test("rows that do not sum to one are no probabilities, whatever op made them", () => {
  const options = { rows: 1, output: output("probabilities", 4) };
  expect(() => toProbabilities([0.5, 0.5, 0.5, 0.5], options)).toThrow(/row 0 sum to 2, expected 1/);
  expect(() => toProbabilities([0.5, 0.5], options)).toThrow(/2 values for 1 rows, expected 4 a row/);
});
