import { createHash } from "node:crypto";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { drawBird, renderBird, SPECIES_NAMES } from "./render-bird.ts";

const drawings = SPECIES_NAMES.map((species) =>
  Array.from({ length: 8 }, (_, index) => drawBird({ species, seed: 5, index })),
);

let pixels: readonly (readonly Buffer[])[] = [];
beforeAll(async () => {
  pixels = await Promise.all(
    drawings.map(
      async (pictures) => await Promise.all(pictures.map(async ({ svg }) => await rasterised(svg))),
    ),
  );
});

test("the same spec gives the same picture, another seed or index another", async () => {
  const spec = { species: "017.Cardinal", seed: 1, index: 3 };
  const [once, again] = [await renderBird(spec), await renderBird(spec)];
  expect(again.svg).toBe(once.svg);
  expect(again.jpeg.equals(once.jpeg)).toBe(true);
  expect(drawBird({ ...spec, seed: 2 }).svg).not.toBe(once.svg);
  expect(drawBird({ ...spec, index: 4 }).svg).not.toBe(once.svg);
});

test("the drawing is the one the sample model was trained on; when it changes, train again (model/README.md)", () => {
  const digest = createHash("sha256");
  for (const { svg } of drawings.flat()) digest.update(svg);
  expect(digest.digest("hex")).toMatchInlineSnapshot(
    `"19ab47626ade34e15963b07e8c6934a33f44d18dcaacbef7282cbd3e56622926"`,
  );
});

test("pictures have bounded sizes and hold only finite numbers", () => {
  for (const { svg, width, height } of drawings.flat()) {
    expect(width).toBeGreaterThanOrEqual(280);
    expect(width).toBeLessThanOrEqual(420);
    expect(height).toBeGreaterThanOrEqual(220);
    expect(height).toBeLessThanOrEqual(420);
    expect(svg.length).toBeLessThan(200_000);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
  }
});

test("the photograph is a JPEG of the drawing's size, below 120 kB", async () => {
  for (const species of SPECIES_NAMES) {
    const { jpeg, width, height } = await renderBird({ species, seed: 9, index: 1 });
    const metadata = await sharp(jpeg).metadata();
    expect([metadata.format, metadata.width, metadata.height, metadata.channels]).toEqual([
      "jpeg",
      width,
      height,
      3,
    ]);
    expect(jpeg.length).toBeLessThan(120_000);
  }
});

/** Field marks that need no bird book: of all eight, one species shows most of the colour. */
test.each([
  {
    mark: "red",
    species: "017.Cardinal",
    is: ([h, s, v]: Hsv) => (h < 12 || h > 350) && s > 0.6 && v > 0.45,
  },
  {
    mark: "yellow",
    species: "047.American_Goldfinch",
    is: ([h, s, v]: Hsv) => h > 42 && h < 58 && s > 0.65 && v > 0.65,
  },
  { mark: "black", species: "013.Bobolink", is: ([, , v]: Hsv) => v < 0.13 },
  {
    mark: "bright blue",
    species: "073.Blue_Jay",
    is: ([h, s, v]: Hsv) => h > 207 && h < 222 && s > 0.6 && v > 0.55,
  },
])("the $species shows the most $mark", ({ species, is }) => {
  const shares = pixels.map((pictures) => mean(pictures.map((picture) => shareOf(picture, is))));
  const most = Math.max(...shares);
  expect(SPECIES_NAMES[shares.indexOf(most)]).toBe(species);
  const second = [...shares].sort((a, b) => b - a)[1] ?? 0;
  expect(most).toBeGreaterThan(1.4 * second);
});

test.each([
  { spec: { species: "Cardinal", seed: 1, index: 0 }, message: /species "Cardinal" is unknown/ },
  { spec: { species: "017.Cardinal", seed: -1, index: 0 }, message: /seed is -1/ },
  { spec: { species: "017.Cardinal", seed: 1, index: 0.5 }, message: /index is 0.5/ },
])("refuses $spec", ({ spec, message }) => {
  expect(() => drawBird(spec)).toThrow(message);
});

/** Hue in degrees, saturation and value 0–1. */
type Hsv = readonly [hue: number, saturation: number, value: number];

/** The middle of a drawing, uint8 [96, 96, 3]. */
async function rasterised(svg: string): Promise<Buffer> {
  return await sharp(Buffer.from(svg)).resize(96, 96, { fit: "cover" }).removeAlpha().raw().toBuffer();
}

/** Share of the pixels that `is` accepts. */
function shareOf(data: Buffer, is: (color: Hsv) => boolean): number {
  let found = 0;
  for (let i = 0; i < data.length; i += 3) if (is(hsv(data[i]!, data[i + 1]!, data[i + 2]!))) found++;
  return (found * 3) / data.length;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function hsv(red: number, green: number, blue: number): Hsv {
  const high = Math.max(red, green, blue);
  const range = high - Math.min(red, green, blue);
  if (range === 0) return [0, 0, high / 255];
  const sector =
    high === red
      ? (green - blue) / range + 6
      : high === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4;
  return [(sector % 6) * 60, range / high, high / 255];
}
