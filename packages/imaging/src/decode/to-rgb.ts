/** A colour table: 256 × 3 bytes; entries the file does not give stay black, as in Pillow. */
export type Palette = Uint8Array;

export function paletteOf(entries: Uint8Array): Palette {
  const palette = new Uint8Array(768);
  palette.set(entries.subarray(0, 768));
  return palette;
}

/** [pixels] grey → [pixels, 3] */
export function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  let to = 0;
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i] as number;
    rgb[to++] = value;
    rgb[to++] = value;
    rgb[to++] = value;
  }
  return rgb;
}

/** [pixels] indices → [pixels, 3] */
export function indicesToRgb(indices: Uint8Array, palette: Palette): Uint8Array {
  const rgb = new Uint8Array(indices.length * 3);
  let to = 0;
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * 3;
    rgb[to++] = palette[from] as number;
    rgb[to++] = palette[from + 1] as number;
    rgb[to++] = palette[from + 2] as number;
  }
  return rgb;
}

/** The first three of `samples` bytes of each pixel: alpha and other extra samples are dropped, not blended. */
export function firstThree(data: Uint8Array, samples: number): Uint8Array {
  return samples === 3 ? data : every(data, samples, { count: 3 });
}

/** Of each `step` bytes, `count` of them from `offset` on. */
export function every(
  data: Uint8Array,
  step: number,
  { offset = 0, count = 1 }: { readonly offset?: number; readonly count?: number } = {},
): Uint8Array {
  const groups = Math.floor(data.length / step);
  const out = new Uint8Array(groups * count);
  for (let from = offset, to = 0; to < out.length; from += step) {
    for (let k = 0; k < count; k++) out[to++] = data[from + k] as number;
  }
  return out;
}

/**
 * [pixels, 4] CMYK, 0 = no ink → [pixels, 3].
 * Pillow subtracts the product of ink and paper left by black, both rounded as its MULDIV255 rounds.
 */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length >> 2) * 3);
  for (let from = 0, to = 0; from + 3 < cmyk.length; from += 4) {
    const paper = 255 - (cmyk[from + 3] as number);
    for (let channel = 0; channel < 3; channel++) {
      const product = (cmyk[from + channel] as number) * paper + 128;
      rgb[to++] = paper - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}

/** Pillow's conversion of a 16-bit grey value: clipped, not scaled. */
export function clipTo8(value: number): number {
  return value > 255 ? 255 : value > 0 ? Math.trunc(value) : 0;
}

export const CLIPPED_WARNING =
  "holds more than 8 bits of grey: values above 255 were clipped, as Pillow does";
