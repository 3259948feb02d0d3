import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenPicture } from "../resize/golden-picture.ts";
import type { TensorflowMethod } from "../resize/tensorflow-resize.ts";
import { fitPicture } from "./fit-picture.ts";
import { RESIZE_FILTERS, RESIZE_FITS, type ResizeFilter, type ResizeFit } from "./preprocessing.ts";

type Sizes = [width: number, height: number, newWidth: number, newHeight: number];

const golden = <Row>(file: string): Row[] =>
  JSON.parse(readFileSync(new URL(`../../golden/resize/${file}`, import.meta.url), "utf8")).cases;

test("Pillow's filters fit as Keras' load_img and torchvision's Resize and CenterCrop do", () => {
  type Row = [...Sizes, ResizeFilter, ResizeFit, shorterSide: number | null, seed: number, crc32: number];
  const rows = golden<Row>("pillow-fits.json");
  const wrong = rows.filter(
    ([width, height, newWidth, newHeight, filter, fit, shorterSide, seed, checksum]) => {
      const resize = { filter, fit, ...(shorterSide === null ? {} : { shorterSide }) };
      const fitted = fitPicture(goldenPicture(width, height, seed), {
        resize,
        size: { width: newWidth, height: newHeight },
      });
      return crc32(fitted.data as Uint8Array) !== checksum;
    },
  );
  expect(rows.length).toBeGreaterThan(500);
  expect(wrong).toEqual([]);
});

type TensorflowRow = [...Sizes, TensorflowMethod, ResizeFit, seed: number, samples: string];
const tensorflow = golden<TensorflowRow>("tensorflow-resize.json");

test.each([...new Set(tensorflow.map((row) => `tf-${row[4]} ${row[5]}`))])(
  "%s is within 1e-3 of TensorFlow 2.21",
  (name) => {
    const rows = tensorflow.filter((row) => `tf-${row[4]} ${row[5]}` === name);
    expect(rows.length).toBeGreaterThanOrEqual(40);
    for (const [width, height, newWidth, newHeight, method, fit, seed, samples] of rows) {
      const expected = new Float32Array(new Uint8Array(Buffer.from(samples, "base64")).buffer);
      const { data } = fitPicture(goldenPicture(width, height, seed), {
        resize: { filter: `tf-${method}`, fit },
        size: { width: newWidth, height: newHeight },
      });
      const step = Math.max(1, Math.floor(data.length / 80));
      const actual = data.filter((_, index) => index % step === 0);
      expect(actual.length).toBe(expected.length);
      const worst = expected.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (actual[i] ?? NaN))),
        0,
      );
      expect({ case: [width, height, newWidth, newHeight], within: worst <= 1e-3 }).toEqual({
        case: [width, height, newWidth, newHeight],
        within: true,
      });
    }
  },
);

test("every filter and fit gives a picture of the size asked for, from any picture", () => {
  const side = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(
      fc.tuple(side, side, side, side),
      fc.constantFrom(...RESIZE_FILTERS),
      fc.constantFrom(...RESIZE_FITS),
      ([width, height, newWidth, newHeight], filter, fit) => {
        const size = { width: newWidth, height: newHeight };
        const fitted = fitPicture(goldenPicture(width, height, 3), { resize: { filter, fit }, size });
        return (
          fitted.width === newWidth &&
          fitted.height === newHeight &&
          fitted.data.length === newWidth * newHeight * 3 &&
          fitted.data.every(Number.isFinite)
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("center-crop keeps the middle and crop-to-aspect-ratio the largest centred window", () => {
  // Columns 0 … 5 of grey 0, 10, … 50; one row of 6 pixels becomes 2 × 2 from the middle.
  const image = {
    width: 6,
    height: 2,
    data: Uint8Array.from({ length: 36 }, (_, index) => Math.floor((index % 18) / 3) * 10),
  };
  for (const fit of ["center-crop", "crop-to-aspect-ratio"] as const) {
    const { data } = fitPicture(image, { resize: { filter: "nearest", fit }, size: { width: 2, height: 2 } });
    expect([...data]).toEqual([20, 20, 20, 30, 30, 30, 20, 20, 20, 30, 30, 30]);
  }
});

test("the centre of a line is refused before the line becomes a plane", () => {
  const line = { width: 1, height: 1_000_000, data: new Uint8Array(3_000_000) };
  const crop = () =>
    fitPicture(line, {
      resize: { filter: "bicubic", fit: "center-crop" },
      size: { width: 224, height: 224 },
    });
  expect(crop).toThrow("a picture of 1 × 1000000 becomes 224 × 224000000 before its centre is cut out");
});

test.each([
  { width: 2_000_000, height: 1 },
  { width: 1, height: 900_000 },
])("TensorFlow's filters refuse $width × $height before they allocate", ({ width, height }) => {
  const line = { width, height, data: new Uint8Array(width * height * 3) };
  const resize = { filter: "tf-bilinear", fit: "stretch" } as const;
  expect(() => fitPicture(line, { resize, size: { width: 224, height: 224 } })).toThrow(/is to be 224 wide/);
});
