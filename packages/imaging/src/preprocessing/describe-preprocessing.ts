import { isTensorflow } from "./fit-picture.ts";
import type { Preprocessing, Scaling } from "./preprocessing.ts";

/** A recipe in words. */
export interface PreprocessingDescription {
  /** One line: "mobilenet_v2: Pillow RGB, bicubic stretch to 224 × 224, x / 127.5 − 1, RGB". */
  readonly summary: string;
  /** What a reader must know to compare numbers; empty for most recipes. */
  readonly notes: readonly string[];
}

export function describePreprocessing(recipe: Preprocessing): PreprocessingDescription {
  const { name, resize, size, channels, scaling, exifOrientation } = recipe;
  const from = resize.shorterSide === undefined ? "" : ` from a shorter side of ${resize.shorterSide}`;
  const steps = [
    exifOrientation === "transpose" ? "Pillow RGB with exif_transpose" : "Pillow RGB",
    `${resize.filter} ${resize.fit} to ${size.height} × ${size.width} (height × width)${from}`,
    formulaOf(scaling),
    channels.toUpperCase(),
  ];
  const notes = [
    ...(isTensorflow(resize.filter) ? [TENSORFLOW_DECODE_NOTE] : []),
    ...(exifOrientation === "transpose" ? [EXIF_NOTE] : []),
  ];
  return { summary: `${name}: ${steps.join(", ")}`, notes };
}

/** The arithmetic of a scaling, as a formula of the value x (0 to 255) of a channel. */
export function formulaOf(scaling: Scaling): string {
  switch (scaling.kind) {
    case "none":
      return "x";
    case "tf":
      return "x / 127.5 − 1";
    case "unit":
      return "x / 255";
    case "torch":
      return `(x / 255 − [${scaling.mean.join(", ")}]) / [${scaling.std.join(", ")}]`;
    case "caffe":
      return `x − [${scaling.mean.join(", ")}]`;
  }
}

const TENSORFLOW_DECODE_NOTE =
  "The resize follows tf.image.resize to within 0.001 of the value range, but on pixels decoded as Pillow decodes " +
  "them: TensorFlow's own JPEG decoder defaults to a faster, inexact transform (INTEGER_FAST), which is not " +
  "reproduced, and whose values differ by up to some 20 of 255.";

const EXIF_NOTE =
  "The EXIF orientation is applied, as ImageOps.exif_transpose does; Pillow's Image.open alone ignores it.";
