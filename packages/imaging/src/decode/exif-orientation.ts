import type { RgbImage } from "../rgb-image.ts";
import { viewOf } from "./decoder.ts";

const ORIENTATION_TAG = 0x0112;
/** Bytes of one value and how to read it, by TIFF type: BYTE, SHORT, LONG, SBYTE, SSHORT, SLONG. */
const INTEGER_TYPES: Readonly<Record<number, (view: DataView, at: number, little: boolean) => number>> = {
  3: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
  8: (view, at, little) => view.getInt16(at, little),
  9: (view, at, little) => view.getInt32(at, little),
};

/**
 * The orientation in an EXIF block: 1 to 8, or undefined where there is none.
 * A damaged block counts as none: it must not cost the picture.
 */
export function exifOrientation(exif: Uint8Array): number | undefined {
  let tiff = exif;
  for (let i = 0; i < 2 && Buffer.from(tiff.subarray(0, 6)).toString("latin1") === "Exif\0\0"; i++) {
    tiff = tiff.subarray(6);
  }
  if (tiff.length < 8) return undefined;
  const view = viewOf(tiff);
  const little = tiff[0] === 0x49;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const entries = view.getUint16(start, little);
  for (let i = 0; i < entries; i++) {
    const at = start + 2 + i * 12;
    if (at + 12 > tiff.length) return undefined;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const read = INTEGER_TYPES[view.getUint16(at + 2, little)];
    if (read === undefined || view.getUint32(at + 4, little) !== 1) return undefined;
    return read(view, at + 8, little);
  }
  return undefined;
}

/** The orientation that an XMP packet states; Pillow reads it where EXIF has none. */
export function xmpOrientation(xmp: Uint8Array): number | undefined {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(Buffer.from(xmp).toString("latin1"));
  return found === null ? undefined : Number(found[1]);
}

/**
 * The picture as its EXIF orientation wants it shown; values outside 2 to 8 change nothing.
 * @see Pillow `ImageOps.exif_transpose`
 */
export function applyOrientation(image: RgbImage, orientation: number): RgbImage {
  if (!(orientation >= 2 && orientation <= 8)) return image;
  const { width, height, data } = image;
  const swapped = orientation >= 5;
  const [outWidth, outHeight] = swapped ? [height, width] : [width, height];
  const mirrorsX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorsY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const column = swapped ? y : x;
      const row = swapped ? x : y;
      const sourceX = mirrorsX ? width - 1 - column : column;
      const sourceY = mirrorsY ? height - 1 - row : row;
      const from = (sourceY * width + sourceX) * 3;
      out[to++] = data[from] as number;
      out[to++] = data[from + 1] as number;
      out[to++] = data[from + 2] as number;
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}
