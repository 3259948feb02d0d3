import { FieldmarkError } from "@fieldmark/contract";
import { decodeImage } from "../decode/decode-image.ts";
import type { RgbImage } from "../rgb-image.ts";
import { fitPicture } from "./fit-picture.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { scalePixels } from "./scale-pixels.ts";

export interface PreprocessImageOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Most pixels that are decoded; a larger picture is an error. */
  readonly pixelLimit?: number;
  /** float32 [height, width, 3] to write into: a row of a batch, say. */
  readonly out?: Float32Array;
}

/** A picture as the model takes it. */
export interface PreprocessedImage {
  /** float32 [height, width, 3] of the recipe's size and channel order; `out` where it was given. */
  readonly pixels: Float32Array;
  /** What a reader of the report should know about the decoding. */
  readonly warnings: readonly string[];
  /** Pixels of the picture in the file, after the EXIF orientation where it is applied. */
  readonly width: number;
  readonly height: number;
}

/**
 * The whole way from a file's bytes to the model's input: decode, resize, scale.
 *
 * @param bytes a JPEG, PNG, GIF, WebP, BMP or TIFF file
 * @throws IMAGE_BROKEN, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE as `decodeImage` does; LENGTH_MISMATCH for a wrong `out`
 */
export async function preprocessImage(
  bytes: Uint8Array,
  recipe: Preprocessing,
  { file, pixelLimit, out }: PreprocessImageOptions,
): Promise<PreprocessedImage> {
  const image = await decodeForRecipe(bytes, recipe, {
    file,
    ...(pixelLimit === undefined ? {} : { pixelLimit }),
  });
  const { warnings, width, height } = image;
  try {
    return { pixels: pixelsToTensor(image, recipe, out), warnings, width, height };
  } catch (error) {
    throw namingFile(error, file);
  }
}

/** The resize knows no files; an error of the input must name one. */
function namingFile(error: unknown, file: string): unknown {
  if (!(error instanceof FieldmarkError)) return error;
  return new FieldmarkError(error.code, `${file}: ${error.message}`, { ...error.details, file }, error);
}

/** Decodes as a recipe asks: Pillow's RGB bytes, EXIF orientation applied or not. */
export function decodeForRecipe(
  bytes: Uint8Array,
  { exifOrientation }: Pick<Preprocessing, "exifOrientation">,
  options: Omit<PreprocessImageOptions, "out">,
): ReturnType<typeof decodeImage> {
  return decodeImage(bytes, { ...options, exifOrientation });
}

/**
 * The second half: decoded pixels become the model's input. To try several recipes on one picture, or to keep the
 * picture itself, take the two steps one by one: `fitPicture`, then `scalePixels`.
 *
 * @param out float32 [height, width, 3], written and returned
 * @throws LENGTH_MISMATCH when `out` is not of the recipe's size
 */
export function pixelsToTensor(image: RgbImage, recipe: Preprocessing, out?: Float32Array): Float32Array {
  const values = recipe.size.height * recipe.size.width * 3;
  if (out !== undefined && out.length !== values) {
    throw new FieldmarkError(
      "LENGTH_MISMATCH",
      `the output array holds ${out.length} values, expected ${values} (${recipe.size.height} × ${recipe.size.width} × 3)`,
    );
  }
  return scalePixels(fitPicture(image, recipe).data, recipe, out);
}
