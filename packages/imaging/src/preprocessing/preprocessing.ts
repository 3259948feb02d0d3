/** Pillow's resampling filters, then tf.image.resize's methods ("-antialias": antialias=True). */
export const RESIZE_FILTERS = [
  "nearest",
  "box",
  "bilinear",
  "hamming",
  "bicubic",
  "lanczos",
  "tf-nearest",
  "tf-bilinear",
  "tf-bicubic",
  "tf-bilinear-antialias",
  "tf-bicubic-antialias",
] as const;

export type ResizeFilter = (typeof RESIZE_FILTERS)[number];

/** How a picture of another aspect ratio is fitted into the model's input; `fitPicture` defines each. */
export const RESIZE_FITS = [
  /** Both axes are scaled to the size, as `Image.resize` does. */
  "stretch",
  /** The largest centred window of the size's aspect ratio is scaled, as Keras' crop_to_aspect_ratio does. */
  "crop-to-aspect-ratio",
  /** The shorter side is scaled and the centre cut out, as torchvision's Resize and CenterCrop do. */
  "center-crop",
] as const;

export type ResizeFit = (typeof RESIZE_FITS)[number];

/** Pixels of a model's input. */
export interface InputSize {
  readonly height: number;
  readonly width: number;
}

/** Everything that happens between a file and the model's input tensor; plain JSON, written into the report. */
export interface Preprocessing {
  /** Name of the recipe that fixed scaling and channels: "mobilenet_v2", … */
  readonly name: string;
  readonly decode: "pillow-rgb";
  readonly exifOrientation: "ignore" | "transpose";
  readonly resize: {
    readonly filter: ResizeFilter;
    readonly fit: ResizeFit;
    /**
     * Pixels that the shorter side gets before the centre is cut out, at least the longer side of `size`;
     * only with "center-crop". Without it the picture is scaled just so far that it covers `size`.
     */
    readonly shorterSide?: number;
  };
  readonly size: InputSize;
  readonly channels: "rgb" | "bgr";
  readonly scaling: Scaling;
}

/** What a recipe does to each channel's value x (0 to 255), in float32 and in Keras' order of operations. */
export type Scaling =
  /** x */
  | { readonly kind: "none" }
  /** x / 127.5 − 1 */
  | { readonly kind: "tf" }
  /** x / 255 */
  | { readonly kind: "unit" }
  /** (x / 255 − mean) / std, per channel in the order of `channels` */
  | { readonly kind: "torch"; readonly mean: readonly number[]; readonly std: readonly number[] }
  /** x − mean, per channel in the order of `channels` */
  | { readonly kind: "caffe"; readonly mean: readonly number[] };
