import { expect, test } from "vitest";
import { develop, type Exposure } from "./camera.ts";
import { randomFrom } from "./random.ts";

const NEUTRAL: Exposure = {
  exposure: 1,
  gamma: 1,
  warmth: [1, 1],
  saturation: 1,
  vignette: 0,
  blur: 0,
  noise: 0,
  quality: 90,
  chromaSubsampling: "4:4:4",
};

/** uint8 [8, 8, 3] of one colour after development. */
function developed(color: readonly [number, number, number], change: Partial<Exposure>): Uint8Array {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => color[i % 3] ?? 0);
  develop(pixels, 8, 8, { ...NEUTRAL, ...change }, randomFrom("camera"));
  return pixels;
}

test("a neutral exposure leaves every value as it is", () => {
  for (let value = 0; value < 256; value++)
    expect([...developed([value, 255 - value, 90], {}).subarray(0, 3)]).toEqual([value, 255 - value, 90]);
});

test("one stop less light is half of the linear light", () => {
  const [value = 0] = developed([200, 200, 200], { exposure: 0.5 });
  expect(value).toBe(Math.round(255 * ((200 / 255) ** 2.2 / 2) ** (1 / 2.2)));
});

test("without saturation all channels are the luma; values never wrap round", () => {
  expect([...developed([200, 100, 50], { saturation: 0 }).subarray(0, 3)]).toEqual([124, 124, 124]);
  expect(Math.min(...developed([250, 250, 250], { exposure: 4 }))).toBe(255);
});

test("noise has the deviation that is asked for; the vignette darkens corners only", () => {
  const noisy = Array.from({ length: 40 }, (_, i) => {
    const pixels = new Uint8Array(3 * 400).fill(128);
    develop(pixels, 20, 20, { ...NEUTRAL, noise: 8 }, randomFrom(`noise ${i}`));
    return [...pixels].filter((_, channel) => channel % 3 === 1);
  }).flat();
  const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - 128) ** 2, 0) / noisy.length);
  expect(deviation).toBeGreaterThan(7.5);
  expect(deviation).toBeLessThan(8.5);
  const dark = developed([200, 200, 200], { vignette: 0.3 });
  expect(dark[0]).toBeLessThan(170);
  expect(dark[(4 * 8 + 4) * 3]).toBeGreaterThan(198);
});
