import sharp from "sharp";
import type { Random } from "./random.ts";

/** What a camera does to the scene between the lens and the file. */
export interface Exposure {
  /** Gain on linear light; 1 leaves it alone. */
  readonly exposure: number;
  /** Exponent on the result; below 1 lifts the shadows. */
  readonly gamma: number;
  /** Gains of red and blue against green. */
  readonly warmth: readonly [red: number, blue: number];
  /** 0 = grey, 1 = as drawn. */
  readonly saturation: number;
  /** Darkening of the corners, as a share of the light. */
  readonly vignette: number;
  /** Standard deviation of the blur, in pixels; 0 for none. */
  readonly blur: number;
  /** Standard deviation of the sensor's noise, of 255. */
  readonly noise: number;
  /** JPEG quality, 1–100. */
  readonly quality: number;
  readonly chromaSubsampling: "4:2:0" | "4:4:4";
}

export function randomExposure(random: Random): Exposure {
  const warm = random.normal(0, 0.06);
  const stops = random.chance(0.1) ? random.between(-2.4, -1.2) : random.normal(-0.05, 0.4);
  return {
    exposure: 2 ** Math.min(0.8, stops),
    gamma: random.between(0.85, 1.18),
    warmth: [1 + warm, 1 - warm],
    saturation: random.chance(0.12) ? random.between(0.25, 0.6) : random.between(0.7, 1.1),
    vignette: random.between(0, 0.32),
    blur: random.chance(0.55) ? 0 : random.between(0.4, random.chance(0.3) ? 3.4 : 1.3),
    noise: random.chance(0.3) ? random.between(6, 17) : random.between(0.5, 5),
    quality: random.integer(52, 93),
    chromaSubsampling: random.chance(0.75) ? "4:2:0" : "4:4:4",
  };
}

/**
 * Takes the picture: the SVG becomes pixels, then light, blur and noise, then a JPEG.
 *
 * @param svg text of the scene; its size is the picture's size
 * @returns the bytes of a baseline JPEG. The SVG and the exposure fix the picture; the exact bytes also
 *          depend on the version of sharp, which rasterises and compresses.
 */
export async function photograph(svg: string, exposure: Exposure, random: Random): Promise<Buffer> {
  let image = sharp(Buffer.from(svg)).flatten();
  if (exposure.blur > 0) image = image.blur(exposure.blur);
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  develop(data, info.width, info.height, exposure, random);
  return await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .jpeg({ quality: exposure.quality, chromaSubsampling: exposure.chromaSubsampling, mozjpeg: false })
    .toBuffer();
}

/** Applies light and noise in place; `pixels` is uint8 [height, width, 3]. */
export function develop(
  pixels: Uint8Array,
  width: number,
  height: number,
  exposure: Exposure,
  random: Random,
): void {
  const gains = [exposure.warmth[0], 1, exposure.warmth[1]];
  const curves = gains.map((gain) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const light = (value / 255) ** 2.2 * gain * exposure.exposure;
      return 255 * (light ** (1 / 2.2)) ** exposure.gamma;
    }),
  );
  const [red, green, blue] = [curves[0] ?? empty, curves[1] ?? empty, curves[2] ?? empty];
  const grain = Float32Array.from({ length: 4096 }, () => random.normal(0, exposure.noise));
  const { saturation, vignette } = exposure;
  const [halfWidth, halfHeight] = [width / 2, height / 2];
  for (let y = 0, i = 0; y < height; y++) {
    const dy = ((y - halfHeight) / halfHeight) ** 2;
    for (let x = 0; x < width; x++, i += 3) {
      const dx = ((x - halfWidth) / halfWidth) ** 2;
      const corner = 1 - vignette * 0.25 * (dx + dy) * (dx + dy);
      const r = (red[pixels[i] ?? 0] ?? 0) * corner;
      const g = (green[pixels[i + 1] ?? 0] ?? 0) * corner;
      const b = (blue[pixels[i + 2] ?? 0] ?? 0) * corner;
      const grey = 0.299 * r + 0.587 * g + 0.114 * b;
      const bits = (random.next() * 0x1_0000_0000) >>> 0;
      const luminance = grain[bits & 4095] ?? 0;
      const color = (grain[(bits >>> 12) & 4095] ?? 0) * 0.4;
      pixels[i] = clampToByte(grey + (r - grey) * saturation + luminance + color);
      pixels[i + 1] = clampToByte(grey + (g - grey) * saturation + luminance);
      pixels[i + 2] = clampToByte(grey + (b - grey) * saturation + luminance - color);
    }
  }
}

const empty = new Float32Array(256);

function clampToByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
}
