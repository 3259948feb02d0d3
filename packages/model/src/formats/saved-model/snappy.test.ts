import fc from "fast-check";
import { compress } from "snappyjs";
import { expect, test } from "vitest";
import { uncompressSnappy } from "./snappy.ts";

test("what snappyjs compresses comes back", () => {
  const repetitive = fc
    .array(fc.integer({ min: 0, max: 3 }), { maxLength: 5000 })
    .map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 3000 })), (bytes) => {
      expect(uncompressSnappy(new Uint8Array(compress(bytes)))).toEqual(bytes);
    }),
    { numRuns: 200 },
  );
});

test("a literal of 70,000 bytes, whose length takes three", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 2_654_435_761) >>> 24);
  expect(uncompressSnappy(new Uint8Array(compress(bytes)))).toEqual(bytes);
});

test.each([
  { name: "nothing", bytes: [] },
  { name: "a claim of 4 GB", bytes: [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61] },
  { name: "a length without end", bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80] },
  { name: "a copy from before the start", bytes: [4, 0x00, 0x61, 0x0d, 0x05] },
  { name: "a copy from 0 bytes before", bytes: [5, 0x00, 0x61, 0x01, 0x00] },
  { name: "a literal that is cut short", bytes: [9, 0x20, 0x61] },
  { name: "a literal whose length has its sign bit set", bytes: [9, 0xfc, 0xf0, 0xff, 0xff, 0xff, 0x61] },
  { name: "more than it claims", bytes: [1, 0x04, 0x61, 0x62] },
  { name: "less than it claims", bytes: [3, 0x04, 0x61, 0x62] },
])("$name is a RangeError", ({ bytes }) => {
  expect(() => uncompressSnappy(Uint8Array.from(bytes))).toThrow(RangeError);
});
