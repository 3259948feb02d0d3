/** A part of a picture, in whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a picture [height, width, 3] that lies in the box, which must lie in the picture; a copy. */
export function cutOut<Data extends Uint8Array | Float32Array>(
  image: { readonly width: number; readonly height: number; readonly data: Data },
  { left, top, width, height }: Box,
): { readonly width: number; readonly height: number; readonly data: Data } {
  const rowValues = width * 3;
  const data = image.data.slice(0, height * rowValues) as Data;
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * image.width + left) * 3;
    data.set(image.data.subarray(start, start + rowValues), row * rowValues);
  }
  return { width, height, data };
}
