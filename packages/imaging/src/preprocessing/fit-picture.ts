import { FieldmarkError } from "@fieldmark/contract";
import { type Box, cutOut } from "../resize/box.ts";
import { type PillowResizeFilter, resizeLikePillow } from "../resize/pillow-resize.ts";
import { type FloatImage, resizeLikeTensorflow, type TensorflowMethod } from "../resize/tensorflow-resize.ts";
import type { RgbImage } from "../rgb-image.ts";
import type { InputSize, Preprocessing, ResizeFilter } from "./preprocessing.ts";

/** Pixels of a whole picture before its centre is cut out; a thin line would become a huge plane. */
const MOST_SCALED_PIXELS = 2 ** 26;

/** A picture of the model's input size: bytes from Pillow's filters, float32 from TensorFlow's. */
export type FittedPicture = RgbImage | FloatImage;

/**
 * A recipe's resize: a decoded picture becomes one of the model's input size.
 *
 * - stretch: `Image.resize(size, filter)`, or `tf.image.resize`.
 * - crop-to-aspect-ratio, Pillow's filters: `keras.utils.load_img(…, keep_aspect_ratio=True)`, which resizes a box
 *   of the picture (pixels just outside of it are blended in at its edges). TensorFlow's filters:
 *   `keras.utils.image_dataset_from_directory(…, crop_to_aspect_ratio=True)`, that is `smart_resize`, which cuts
 *   the box out first.
 * - center-crop: torchvision's `Resize(shorter side)`, whose longer side is cut (not rounded) to whole pixels, then
 *   its `CenterCrop`, whose corner is rounded half to even.
 *
 * @param image uint8 [height, width, 3]
 * @throws IMAGE_TOO_LARGE for sides of millions of pixels, and for center-crop of a picture some thousand times longer
 * than wide
 */
export function fitPicture(
  image: RgbImage,
  { resize, size }: Pick<Preprocessing, "resize" | "size">,
): FittedPicture {
  const { filter, fit, shorterSide } = resize;
  if (fit === "stretch") return stretch(image, { filter, size });
  if (fit === "center-crop") {
    const scaled = scaledSize(image, { size, shorterSide });
    if (scaled.height * scaled.width > MOST_SCALED_PIXELS) {
      throw new FieldmarkError(
        "IMAGE_TOO_LARGE",
        `a picture of ${image.width} × ${image.height} becomes ${scaled.width} × ${scaled.height} before its centre is ` +
          `cut out, expected at most ${MOST_SCALED_PIXELS} pixels`,
      );
    }
    const picture = stretch(image, { filter, size: scaled });
    const box = centerBox(scaled, size);
    return picture.data instanceof Uint8Array
      ? cutOut({ ...picture, data: picture.data }, box)
      : cutOut({ ...picture, data: picture.data }, box);
  }
  if (isTensorflow(filter)) return stretch(cutOut(image, smartResizeBox(image, size)), { filter, size });
  return resizeLikePillow(image, { ...size, filter, box: keepAspectRatioBox(image, size) });
}

function stretch(
  image: RgbImage,
  { filter, size }: { filter: ResizeFilter; size: InputSize },
): FittedPicture {
  const { width, height } = size;
  if (!isTensorflow(filter)) return resizeLikePillow(image, { width, height, filter });
  return resizeLikeTensorflow(image, { width, height, method: filter.slice(3) as TensorflowMethod });
}

/** Whether a filter is tf.image.resize's. */
export function isTensorflow(filter: ResizeFilter): filter is Exclude<ResizeFilter, PillowResizeFilter> {
  return filter.startsWith("tf-");
}

/** @see Keras `load_img`: whole-number division; the window of a very long picture may have no height or width */
function keepAspectRatioBox(image: InputSize, target: InputSize): Box {
  return centredWindow(image, {
    height: Math.floor((image.width * target.height) / target.width),
    width: Math.floor((image.height * target.width) / target.height),
  });
}

/** @see Keras 3 `smart_resize`: float32 division, and at least one pixel */
function smartResizeBox(image: InputSize, target: InputSize): Box {
  const { fround, floor, max } = Math;
  return centredWindow(image, {
    height: max(1, floor(fround(fround(image.width * target.height) / target.width))),
    width: max(1, floor(fround(fround(image.height * target.width) / target.height))),
  });
}

function centredWindow(image: InputSize, most: InputSize): Box {
  const height = Math.min(image.height, most.height);
  const width = Math.min(image.width, most.width);
  const [left, top] = [Math.floor((image.width - width) / 2), Math.floor((image.height - height) / 2)];
  return { left, top, width, height };
}

/** Size of the whole picture before its centre is cut out. */
function scaledSize(
  image: InputSize,
  { size, shorterSide }: { size: InputSize; shorterSide: number | undefined },
): InputSize {
  const byHeight =
    shorterSide === undefined
      ? size.height * image.width >= size.width * image.height
      : image.height <= image.width;
  if (byHeight) {
    const height = shorterSide ?? size.height;
    return { height, width: Math.floor((height * image.width) / image.height) };
  }
  const width = shorterSide ?? size.width;
  return { width, height: Math.floor((width * image.height) / image.width) };
}

/** @see torchvision `center_crop`: Python's round */
function centerBox(image: InputSize, { width, height }: InputSize): Box {
  const corner = (spare: number): number => (spare % 4 === 3 ? (spare + 1) / 2 : Math.floor(spare / 2));
  return { left: corner(image.width - width), top: corner(image.height - height), width, height };
}
