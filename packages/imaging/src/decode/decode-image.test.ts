import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DEFAULT_PIXEL_LIMIT, decodeImage } from "./decode-image.ts";

/** An uncompressed 24-bit BMP whose header states the size; `rows` zero bytes follow it. */
function bmp(width: number, height: number, rows: number): Uint8Array {
  const file = Buffer.alloc(54 + rows);
  file.write("BM");
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeUInt32LE(width, 18);
  file.writeUInt32LE(height, 22);
  file.writeUInt16LE(24, 28);
  return file;
}

/** A little-endian TIFF of 16-bit grey values in one strip. */
function greyTiff(values: readonly number[]): Uint8Array {
  const tags = [
    [256, values.length],
    [257, 1],
    [258, 16],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
  ] as const;
  const start = 8 + values.length * 2;
  const file = Buffer.alloc(start + 2 + tags.length * 12 + 4);
  file.write("II*\0");
  file.writeUInt32LE(start, 4);
  values.forEach((value, i) => {
    file.writeUInt16LE(value, 8 + i * 2);
  });
  file.writeUInt16LE(tags.length, start);
  tags.forEach(([tag, value], i) => {
    const at = start + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(3, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt16LE(value, at + 8);
  });
  return file;
}

describe("the pixel limit", () => {
  test("is Pillow's: twice MAX_IMAGE_PIXELS", () => {
    expect(DEFAULT_PIXEL_LIMIT).toBe(2 * 89_478_485);
  });

  test("refuses by the header, and names the file and both sizes", async () => {
    await expect(decodeImage(bmp(20_000, 10_000, 4), { file: "big.bmp" })).rejects.toMatchObject({
      code: "IMAGE_TOO_LARGE",
      message: "big.bmp: 20000 × 10000 pixels; the limit is 178956970 pixels",
    });
  });

  test("counts the pixels, and the limit itself passes", async () => {
    const file = bmp(4, 3, 36);
    await expect(decodeImage(file, { file: "a", pixelLimit: 11 })).rejects.toMatchObject({
      code: "IMAGE_TOO_LARGE",
    });
    await expect(decodeImage(file, { file: "a", pixelLimit: 12 })).resolves.toMatchObject({
      width: 4,
      height: 3,
    });
  });

  test("NaN allows nothing", async () => {
    await expect(decodeImage(bmp(1, 1, 4), { file: "a", pixelLimit: Number.NaN })).rejects.toMatchObject({
      code: "IMAGE_TOO_LARGE",
    });
  });
});

describe("grey of more than 8 bits", () => {
  test("is clipped as Pillow does, with a warning that names the file", async () => {
    const { data, warnings } = await decodeImage(greyTiff([7, 255, 256, 65_535]), { file: "scan.tif" });
    expect([...data]).toEqual([7, 7, 7, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
    expect(warnings).toEqual([
      "scan.tif: holds more than 8 bits of grey: values above 255 were clipped, as Pillow does",
    ]);
  });

  test("brings no warning where nothing was clipped", async () => {
    await expect(decodeImage(greyTiff([0, 255]), { file: "scan.tif" })).resolves.toMatchObject({
      warnings: [],
    });
  });
});

describe("errors say what was found", () => {
  test.each([
    { bytes: new Uint8Array(), code: "IMAGE_BROKEN", message: "x: the file is empty" },
    {
      bytes: Buffer.from("<svg></svg>"),
      code: "IMAGE_UNSUPPORTED",
      message: "x: not a picture of a known format (JPEG, PNG, GIF, WebP, BMP, TIFF)",
    },
    {
      bytes: bmp(9, 9, 60),
      code: "IMAGE_BROKEN",
      message: "x: the file ends inside the pixels; expected a whole picture",
    },
    { bytes: deflateSync("x"), code: "IMAGE_UNSUPPORTED", message: /not a picture/ },
  ])("$message", async ({ bytes, code, message }) => {
    const failure = decodeImage(bytes, { file: "x" });
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(message);
  });
});
