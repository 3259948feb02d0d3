import { isTensorflow } from "./fit-picture.ts";
import type { Preprocessing, Scaling } from "./preprocessing.ts";

/** A recipe in one line: "mobilenet_v2: Pillow RGB, bicubic stretch to 224 × 224, x / 127.5 − 1, RGB". */
export function summarisePreprocessing(recipe: Preprocessing): string {
  const { name, resize, size, channels, scaling, exifOrientation } = recipe;
  const from = resize.shorterSide === undefined ? "" : ` from a shorter side of ${resize.shorterSide}`;
  const steps = [
    exifOrientation === "transpose" ? "Pillow RGB with exif_transpose" : "Pillow RGB",
    `${resize.filter} ${resize.fit} to ${size.height} × ${size.width}${from}`,
    formulaOf(scaling),
    channels.toUpperCase(),
  ];
  return `${name}: ${steps.join(", ")}`;
}

/** What a reader must know to compare a recipe's numbers with Python's; empty for most recipes. */
export function describePreprocessing({ resize, exifOrientation }: Preprocessing): readonly string[] {
  return [
    ...(isTensorflow(resize.filter) ? [TENSORFLOW_DECODE_NOTE] : []),
    ...(exifOrientation === "transpose" ? [EXIF_NOTE] : []),
  ];
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
