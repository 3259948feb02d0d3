import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRange } from "./byte-range.ts";

test.each([
  ["bytes=0-0", { first: 0, last: 0 }],
  ["bytes=0-9", { first: 0, last: 9 }],
  ["bytes=90-", { first: 90, last: 99 }],
  ["bytes=-1", { first: 99, last: 99 }],
  ["bytes=-1000", { first: 0, last: 99 }],
  ["bytes=95-1000", { first: 95, last: 99 }],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=100-200", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-2", null],
  ["bytes=a-b", null],
  ["bytes=-", null],
  ["bytes=--1", null],
  ["bytes=0-1,3-4", null],
  ["lines=0-1", null],
  ["bytes=0-99999999999999999999", null],
])("%s of 100 bytes is %j", (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected);
});

test("no range of an empty object can be had", () => {
  for (const header of ["bytes=0-", "bytes=0-0", "bytes=-5"])
    expect(parseRange(header, 0)).toBe("unsatisfiable");
});

test("a range lies inside its object, whatever is asked", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.option(fc.nat(2000)), fc.option(fc.nat(2000)), (size, from, to) => {
      const range = parseRange(`bytes=${from ?? ""}-${to ?? ""}`, size);
      if (range === null || range === "unsatisfiable") return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.first).toBeLessThanOrEqual(range.last);
      expect(range.last).toBeLessThan(size);
    }),
  );
});
