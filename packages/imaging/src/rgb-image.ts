/** A decoded picture: what Pillow's `Image.open(f).convert("RGB")` holds. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3], row-major. */
  readonly data: Uint8Array;
}

export interface DecodedImage extends RgbImage {
  /** Things a reader of the report should know: "16-bit grey was clipped to 8 bits as Pillow does". */
  readonly warnings: readonly string[];
}
