import type { RgbImage } from "../rgb-image.ts";
import type { Box } from "./box.ts";

/**
 * Pillow's nearest filter: its affine transform, whose source positions are running sums of doubles
 * (so that rounding errors add up along a side) and are cut, not rounded, to whole pixels.
 *
 * @see Pillow 13 `src/libImaging/Geometry.c`, ImagingScaleAffine
 */
export function resizeNearest(
  image: RgbImage,
  { width, height, box }: { readonly width: number; readonly height: number; readonly box: Box },
): RgbImage {
  const columns = positions(box.left, box.width, width, image.width);
  const rows = positions(box.top, box.height, height, image.height);
  const data = new Uint8Array(width * height * 3);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      if (row >= 0 && column >= 0) {
        const source = (row * image.width + column) * 3;
        data[target] = image.data[source] ?? 0;
        data[target + 1] = image.data[source + 1] ?? 0;
        data[target + 2] = image.data[source + 2] ?? 0;
      }
      target += 3;
    }
  }
  return { width, height, data };
}

/** Source pixel of each output pixel; −1 where the running sum has left the picture (black, as in Pillow). */
function positions(start: number, length: number, outputSize: number, inputSize: number): Int32Array {
  const step = length / outputSize;
  const result = new Int32Array(outputSize);
  let position = start + step * 0.5;
  for (let output = 0; output < outputSize; output++) {
    const pixel = Math.trunc(position);
    result[output] = pixel < inputSize ? pixel : -1;
    position += step;
  }
  return result;
}
