import { FieldmarkError } from "@fieldmark/contract";
import type { Scaling } from "./preprocessing.ts";
import type { Arithmetic } from "./recipes.ts";

/**
 * A recipe's arithmetic on resized pixels, float32 bit for bit as Keras' preprocess_input computes it on a float32
 * NumPy array.
 *
 * @param pixels [height, width, 3] in the order red, green, blue; bytes, or 0 to 255 as float32
 * @param out float32 [height, width, 3], written and returned
 * @throws LENGTH_MISMATCH when the lengths disagree
 */
export function scalePixels(
  pixels: Uint8Array | Float32Array,
  recipe: Arithmetic,
  out: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  if (out.length !== pixels.length || pixels.length % 3 !== 0) {
    throw new FieldmarkError(
      "LENGTH_MISMATCH",
      `${pixels.length} pixel values are to be written into an array of ${out.length}, expected equal multiples of 3`,
    );
  }
  const [first, third] = recipe.channels === "rgb" ? [0, 2] : [2, 0];
  if (pixels instanceof Uint8Array) {
    const [table0, table1, table2] = tablesOf(recipe.scaling);
    for (let index = 0; index < pixels.length; index += 3) {
      out[index] = table0[pixels[index + first] as number] as number;
      out[index + 1] = table1[pixels[index + 1] as number] as number;
      out[index + 2] = table2[pixels[index + third] as number] as number;
    }
    return out;
  }
  const scale = [0, 1, 2].map((channel) => scaler(recipe.scaling, channel)) as [Scaler, Scaler, Scaler];
  for (let index = 0; index < pixels.length; index += 3) {
    out[index] = scale[0](pixels[index + first] as number);
    out[index + 1] = scale[1](pixels[index + 1] as number);
    out[index + 2] = scale[2](pixels[index + third] as number);
  }
  return out;
}

type Scaler = (x: number) => number;
type Tables = readonly [Float32Array, Float32Array, Float32Array];

const { fround } = Math;

/** Rounded to float32 after each operation, as NumPy rounds; constants are float32, as NumPy makes them. */
function scaler(scaling: Scaling, channel: number): Scaler {
  switch (scaling.kind) {
    case "none":
      return (x) => x;
    case "tf":
      return (x) => fround(fround(x / 127.5) - 1);
    case "unit":
      return (x) => fround(x / 255);
    case "torch": {
      const [mean, std] = [fround(scaling.mean[channel] ?? 0), fround(scaling.std[channel] ?? 1)];
      return (x) => fround(fround(fround(x / 255) - mean) / std);
    }
    case "caffe": {
      const mean = fround(scaling.mean[channel] ?? 0);
      return (x) => fround(x - mean);
    }
  }
}

const tables = new WeakMap<Scaling, Tables>();

/** The value of each of the 256 bytes, for the three channels of the output. */
function tablesOf(scaling: Scaling): Tables {
  const known = tables.get(scaling);
  if (known !== undefined) return known;
  const table = (channel: number): Float32Array => {
    const scale = scaler(scaling, channel);
    return Float32Array.from({ length: 256 }, (_, byte) => scale(byte));
  };
  const made: Tables = [table(0), table(1), table(2)];
  tables.set(scaling, made);
  return made;
}
