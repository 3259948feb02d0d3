/** Pillow's resampling filters; "tf-*" are tf.image.resize's. */
export type ResizeFilter =
  | "nearest"
  | "box"
  | "bilinear"
  | "hamming"
  | "bicubic"
  | "lanczos"
  | "tf-nearest"
  | "tf-bilinear"
  | "tf-bicubic"
  | "tf-bilinear-antialias"
  | "tf-bicubic-antialias";

/** How a picture of another aspect ratio is fitted into the model's input. */
export type ResizeFit =
  /** Both axes are scaled to the size, as `Image.resize` does. */
  | "stretch"
  /** The largest centred window of the target's aspect ratio is scaled, as Keras' crop_to_aspect_ratio does. */
  | "crop-to-aspect-ratio"
  /** The shorter side is scaled to the size and the centre cut out. */
  | "center-crop";

/**
 * Everything that happens between a file and the model's input tensor; plain JSON, written into the report.
 * value = (pixel · scale + offset[channel]) / divisor[channel], computed in float32 as Keras computes it.
 */
export interface Preprocessing {
  /** Name of the recipe that fixed scaling and channels: "mobilenet_v2", … */
  readonly name: string;
  readonly decode: "pillow-rgb";
  readonly exifOrientation: "ignore" | "transpose";
  readonly resize: { readonly filter: ResizeFilter; readonly fit: ResizeFit };
  /** Pixels of the model's input. */
  readonly size: { readonly height: number; readonly width: number };
  readonly channels: "rgb" | "bgr";
  readonly scaling: Scaling;
}

/** What a recipe does to each channel's value; the order of operations is Keras', so that float32 results are equal. */
export type Scaling =
  /** x (0 to 255) */
  | { readonly kind: "none" }
  /** x / 127.5 − 1 */
  | { readonly kind: "tf" }
  /** x / 255 */
  | { readonly kind: "unit" }
  /** (x / 255 − mean) / std, per channel in the order of `channels` */
  | { readonly kind: "torch"; readonly mean: readonly number[]; readonly std: readonly number[] }
  /** x − mean, per channel in the order of `channels` */
  | { readonly kind: "caffe"; readonly mean: readonly number[] };
