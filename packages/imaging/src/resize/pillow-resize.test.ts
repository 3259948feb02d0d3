import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { FieldmarkError } from "@fieldmark/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenPicture } from "./golden-picture.ts";
import { kernelAvailable } from "./kernel.ts";
import { PILLOW_FILTERS, type PillowFilterName } from "./pillow-coefficients.ts";
import { resizeLikePillow } from "./pillow-resize.ts";

type GoldenCase = [
  width: number,
  height: number,
  newWidth: number,
  newHeight: number,
  filter: PillowFilterName | "nearest",
  box: [left: number, top: number, width: number, height: number] | null,
  seed: number,
  crc32: number,
];

const golden: { cases: GoldenCase[] } = JSON.parse(
  readFileSync(new URL("../../golden/resize/pillow-resize.json", import.meta.url), "utf8"),
);
const filters = [...new Set(golden.cases.map((row) => row[4]))];

describe.each(["kernel", "typescript"] as const)("engine %s", (engine) => {
  test.each(filters)("%s gives Pillow 13's bytes for every golden geometry", (filter) => {
    const cases = golden.cases.filter((row) => row[4] === filter);
    const wrong = cases.filter(([width, height, newWidth, newHeight, , box, seed, checksum]) => {
      const options = { width: newWidth, height: newHeight, filter, engine };
      const part = box === null ? {} : { box: { left: box[0], top: box[1], width: box[2], height: box[3] } };
      const resized = resizeLikePillow(goldenPicture(width, height, seed), { ...options, ...part });
      return resized.data.length !== newWidth * newHeight * 3 || crc32(resized.data) !== checksum;
    });
    expect(cases.length).toBeGreaterThan(500);
    expect(wrong).toEqual([]);
  });
});

test("this machine runs the kernel", () => {
  expect(kernelAvailable).toBe(true);
});

test("the kernel equals its twin on any geometry, content and filter", () => {
  const side = fc.integer({ min: 1, max: 160 });
  const filter = fc.constantFrom(...(Object.keys(PILLOW_FILTERS) as PillowFilterName[]));
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      filter,
      fc.nat(),
      (inputWidth, inputHeight, width, height, name, seed) => {
        const image = goldenPicture(inputWidth, inputHeight, seed);
        const options = { width, height, filter: name };
        const kernel = resizeLikePillow(image, { ...options, engine: "kernel" });
        const twin = resizeLikePillow(image, { ...options, engine: "typescript" });
        return Buffer.compare(kernel.data, twin.data) === 0;
      },
    ),
    { numRuns: 400 },
  );
});

test("pictures far larger than the kernel's window equal the twin's, and do not disturb the next one", () => {
  for (const [inputWidth, inputHeight, width, height] of [
    [3001, 1999, 64, 48],
    [40, 9001, 33, 5],
    [9001, 40, 5, 33],
    [2500, 40, 2499, 900],
    [4100, 4100, 1, 4100],
    [7, 5, 224, 224],
  ] as const) {
    const image = goldenPicture(inputWidth, inputHeight, inputWidth);
    const options = { width, height, filter: "lanczos" } as const;
    const kernel = resizeLikePillow(image, { ...options, engine: "kernel" });
    const twin = resizeLikePillow(image, { ...options, engine: "typescript" });
    expect(Buffer.compare(kernel.data, twin.data)).toBe(0);
  }
});

test("the result is a copy where nothing is resized", () => {
  const image = goldenPicture(5, 4, 1);
  const resized = resizeLikePillow(image, { width: 5, height: 4, filter: "bicubic" });
  expect(resized.data).toEqual(image.data);
  expect(resized.data.buffer).not.toBe(image.data.buffer);
});

test("a flat picture stays flat under every filter", () => {
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (grey, from, to) => {
        const image = { width: from, height: from, data: new Uint8Array(from * from * 3).fill(grey) };
        return filters.every((filter) =>
          resizeLikePillow(image, { width: to, height: to, filter }).data.every((value) => value === grey),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a side of many millions of pixels is an error of the input, not an allocation", () => {
  const image = { width: 1, height: 20_000_000, data: new Uint8Array(0) };
  const resize = () => resizeLikePillow(image, { width: 224, height: 224, filter: "bicubic" });
  expect(resize).toThrow(FieldmarkError);
  expect(resize).toThrow(/a side of 20000000 pixels to 224/);
});
