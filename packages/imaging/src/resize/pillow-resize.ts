import type { RgbImage } from "../rgb-image.ts";
import type { Box } from "./box.ts";
import { coefficientsFor } from "./coefficients-cache.ts";
import { kernelAvailable } from "./kernel.ts";
import type { Passes } from "./passes.ts";
import type { PillowFilterName } from "./pillow-coefficients.ts";
import { resizeNearest } from "./pillow-nearest.ts";
import { resampleWithKernel } from "./resample-kernel.ts";
import { resampleWithTypescript } from "./resample-typescript.ts";

/** Every filter of Pillow that is reproduced. */
export type PillowResizeFilter = PillowFilterName | "nearest";

export interface PillowResizeOptions {
  /** Pixels of the result. */
  readonly width: number;
  readonly height: number;
  readonly filter: PillowResizeFilter;
  /** The part that is resized; pixels just outside of it are blended in at its edges. Default: the whole picture. */
  readonly box?: Box;
  /** Who computes; both give the same bytes. Default: the kernel where it can run. */
  readonly engine?: "kernel" | "typescript";
}

/**
 * The bytes of Pillow's `image.resize((width, height), filter, box)`.
 *
 * @param image uint8 [height, width, 3]
 * @returns a picture of its own; never a view of `image`
 * @throws IMAGE_TOO_LARGE when a side is so long (millions of pixels) that its table of weights passes 32 MiB
 * @see Pillow 13 `PIL.Image.Image.resize`
 */
export function resizeLikePillow(image: RgbImage, options: PillowResizeOptions): RgbImage {
  const { width, height, filter } = options;
  const box = options.box ?? { left: 0, top: 0, width: image.width, height: image.height };
  if (filter === "nearest") return resizeNearest(image, { width, height, box });
  const passes: Passes = {
    width,
    height,
    horizontal: axis(filter, {
      inputSize: image.width,
      start: box.left,
      length: box.width,
      outputSize: width,
    }),
    vertical: axis(filter, {
      inputSize: image.height,
      start: box.top,
      length: box.height,
      outputSize: height,
    }),
    order: verticalFirst(image, options) ? "vertical-first" : "horizontal-first",
  };
  if (passes.horizontal === undefined && passes.vertical === undefined) {
    return { width, height, data: image.data.slice() };
  }
  const engine = options.engine ?? (kernelAvailable ? "kernel" : "typescript");
  const resample = engine === "kernel" ? resampleWithKernel : resampleWithTypescript;
  return { width, height, data: resample(image, passes) };
}

/** Pillow 13 begins with the rows when the height loses more than twice as many pixels as the width. */
function verticalFirst(image: RgbImage, { width, height }: PillowResizeOptions): boolean {
  const lostRows = image.height - height;
  return lostRows > 0 && lostRows > (image.width - width) * 2;
}

/** An axis that keeps its size is not resampled at all: Pillow skips its pass. */
function axis(filter: PillowFilterName, geometry: Parameters<typeof coefficientsFor>[1]) {
  const { inputSize, length, outputSize } = geometry;
  return inputSize === outputSize && length === inputSize ? undefined : coefficientsFor(filter, geometry);
}
