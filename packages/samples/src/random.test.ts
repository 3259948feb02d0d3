import { expect, test } from "vitest";
import { randomFrom } from "./random.ts";

test("a seed gives the same numbers on every machine", () => {
  const random = randomFrom("1/017.Cardinal/0");
  expect(Array.from({ length: 4 }, () => random.next() * 0x1_0000_0000)).toMatchInlineSnapshot(`
    [
      2103027169,
      3226165377,
      2012338147,
      3946169456,
    ]
  `);
});

test("numbers are uniform: each of 16 bins holds its share of 64,000 within 5 standard deviations", () => {
  const random = randomFrom("uniform");
  const bins = new Array<number>(16).fill(0);
  for (let i = 0; i < 64_000; i++) bins[Math.floor(random.next() * 16)]! += 1;
  for (const count of bins) expect(Math.abs(count - 4000)).toBeLessThan(5 * Math.sqrt(4000 * (15 / 16)));
});

test("normal numbers have the mean and deviation they are asked for", () => {
  const random = randomFrom("normal");
  const values = Array.from({ length: 20_000 }, () => random.normal(3, 2));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(mean).toBeCloseTo(3, 1);
  expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
});

test("a fork does not depend on how much of its parent was used", () => {
  const [fresh, used] = [randomFrom("7"), randomFrom("7")];
  for (let i = 0; i < 10; i++) used.next();
  expect(used.fork("bird").next()).toBe(fresh.fork("bird").next());
  expect(fresh.fork("bird").next()).not.toBe(fresh.fork("perch").next());
});

test("weights decide how often an item is picked; integers reach both ends", () => {
  const random = randomFrom("weights");
  const picks = Array.from(
    { length: 4000 },
    () =>
      random.weighted([
        { name: "a", weight: 3 },
        { name: "b", weight: 1 },
      ]).name,
  );
  expect(picks.filter((name) => name === "a").length / 4000).toBeCloseTo(0.75, 1);
  const integers = new Set(Array.from({ length: 200 }, () => random.integer(2, 4)));
  expect([...integers].sort()).toEqual([2, 3, 4]);
});
