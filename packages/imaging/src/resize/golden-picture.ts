import type { RgbImage } from "../rgb-image.ts";

/**
 * The pictures of the golden files, made from a seed as golden/resize/make_resize.py makes them:
 * noise, only black and white, or faint noise over a ramp.
 */
export function goldenPicture(width: number, height: number, seed: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < data.length; index++) {
    let bits = (Math.imul(index, 2654435761) + seed) >>> 0;
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 2246822519);
    bits ^= bits >>> 13;
    const noise = bits >>> 24;
    if (seed % 3 === 0) data[index] = noise;
    else if (seed % 3 === 1) data[index] = noise >= 128 ? 255 : 0;
    else data[index] = ((index >>> 4) & 240) | (noise & 15);
  }
  return { width, height, data };
}
