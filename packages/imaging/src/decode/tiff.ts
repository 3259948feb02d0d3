import { broken, checkSize, type DecodeContext, type DecodedFile, unsupported } from "./decoder.ts";
import { applyOrientation, xmpOrientation } from "./exif-orientation.ts";
import { decodeNatively } from "./native.ts";
import { TIFF_CODECS } from "./tiff-codecs.ts";
import { readTiffDirectory, TAG, type TiffDirectory } from "./tiff-directory.ts";
import { sampleMeaning, type TiffColour, toRgb } from "./tiff-samples.ts";
import { readTiffPlanes, type TiffLayout, UNCOMPRESSED } from "./tiff-segments.ts";
import { cmykToRgb, every, firstThree, greyToRgb } from "./to-rgb.ts";

/** CCITT's three and JPEG. */
const NATIVE_COMPRESSIONS = [2, 3, 4, 7];
const MAX_SAMPLES = 6;

/**
 * The first picture of a TIFF: strips or tiles, chunky or planar, 1 to 32 bits, grey (either way up), palette,
 * RGB, CMYK, extra samples. The orientation is applied always, as Pillow does for this format alone.
 * @see Pillow `TiffImagePlugin`, whose table OPEN_INFO says which combinations are read
 */
export async function decodeTiff(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  const directory = readTiffDirectory(bytes, context);
  const { tags } = directory;
  const width = tags.get(TAG.width)?.[0] ?? 0;
  const height = tags.get(TAG.height)?.[0] ?? 0;
  checkSize(context, width, height);
  const compression = tags.get(TAG.compression)?.[0] ?? UNCOMPRESSED;
  const colour = asStored(readColour(directory, context), directory, context);
  const layout: TiffLayout = {
    width,
    height,
    bits: colour.bits,
    samples: colour.samples,
    compression,
    byteOrder: directory.littleEndian || readsNatively(colour, compression) ? "little" : "big",
    planar: colour.samples > 1 && tags.get(TAG.planar)?.[0] === 2,
    reversedBits: tags.get(TAG.fillOrder)?.[0] === 2,
  };
  const { data, warnings } = NATIVE_COMPRESSIONS.includes(compression)
    ? await decodeByLibtiff(bytes, colour, layout, context)
    : await decodeOurselves(bytes, { directory, colour, layout }, context);
  const orientation =
    tags.get(TAG.orientation)?.[0] ?? xmpOrientation(Uint8Array.from(tags.get(TAG.xmp) ?? []));
  return { ...applyOrientation({ width, height, data }, orientation ?? 1), orientation: 1, warnings };
}

/** Bits, samples and colour of a pixel, with the defaults and repairs of Pillow. */
function readColour({ tags, littleEndian }: TiffDirectory, context: DecodeContext): TiffColour {
  const photometric = tags.get(TAG.photometric)?.[0] ?? 0;
  const planar = tags.get(TAG.planar)?.[0] === 2;
  let samples = tags.get(TAG.samplesPerPixel)?.[0] ?? 1;
  let bitsPerSample = tags.get(TAG.bitsPerSample) ?? [1];
  let extra = tags.get(TAG.extraSamples) ?? [];
  if (planar && extra.length > 0 && Math.max(...extra) === 0) {
    bitsPerSample = bitsPerSample.slice(0, -extra.length);
    samples -= extra.length;
    extra = [];
  }
  if (samples > MAX_SAMPLES) throw unsupported(context, `a TIFF of ${samples} samples a pixel`);
  if (bitsPerSample.length === 1)
    bitsPerSample = Array.from({ length: samples }, () => bitsPerSample[0] ?? 0);
  bitsPerSample = bitsPerSample.slice(0, samples);
  const bits = bitsPerSample[0];
  if (bits === undefined || bitsPerSample.length !== samples) {
    throw broken(context, `bits for ${bitsPerSample.length} of ${samples} samples`);
  }
  const formats = tags.get(TAG.sampleFormat) ?? [1];
  const format = formats.every((each) => each === formats[0]) ? (formats[0] ?? 1) : -1;
  const colorMap = tags.get(TAG.colorMap) ?? [];
  const reversedBits = tags.get(TAG.fillOrder)?.[0] === 2;
  if (photometric === 3 && colorMap.length === 0) throw broken(context, "a palette TIFF without its palette");
  const meaning = bitsPerSample.every((each) => each === bits)
    ? sampleMeaning({ photometric, bits, samples, extra, format, littleEndian, reversedBits })
    : undefined;
  if (meaning === undefined) {
    throw unsupported(
      context,
      `a TIFF of photometric interpretation ${photometric} with ${bitsPerSample.join(" + ")} bits, ` +
        `sample format ${formats.join(", ")} and extra samples ${extra.join(", ") || "none"}`,
    );
  }
  return { bits, samples, meaning, colorMap };
}

/** libtiff hands out native order; Pillow forgets so for signed and 32-bit samples, and reads them turned around. */
function readsNatively({ bits, meaning }: TiffColour, compression: number): boolean {
  return compression !== UNCOMPRESSED && bits === 16 && meaning !== "grey-signed";
}

/**
 * What Pillow makes of an uncompressed file, which it unpacks itself, without libtiff: planes of 16-bit samples
 * are read as if they were bytes, and some combinations have no unpacker.
 */
function asStored(colour: TiffColour, { tags }: TiffDirectory, context: DecodeContext): TiffColour {
  const { bits, samples, meaning } = colour;
  if ((tags.get(TAG.compression)?.[0] ?? UNCOMPRESSED) !== UNCOMPRESSED) return colour;
  const reversedBits = tags.get(TAG.fillOrder)?.[0] === 2;
  if (reversedBits && ((meaning === "palette" && bits < 8) || (meaning === "white-is-zero" && bits === 8))) {
    throw unsupported(context, `an uncompressed TIFF with reversed bits of meaning ${meaning}`);
  }
  if (samples === 1 || tags.get(TAG.planar)?.[0] !== 2) return colour;
  const planes = (tags.get(TAG.samplesPerPixel)?.[0] ?? 1) > samples;
  if (planes || meaning === "rgb-premultiplied") {
    throw unsupported(context, "an uncompressed planar TIFF with extra samples that are not plain alpha");
  }
  return bits === 16 ? { ...colour, bits: 8 } : colour;
}

async function decodeOurselves(
  bytes: Uint8Array,
  { directory, colour, layout }: { directory: TiffDirectory; colour: TiffColour; layout: TiffLayout },
  context: DecodeContext,
) {
  if (TIFF_CODECS[layout.compression] === undefined) {
    throw unsupported(context, `TIFF compression ${layout.compression}`);
  }
  if (colour.meaning === "ycbcr") throw unsupported(context, "a TIFF in YCbCr that is not JPEG-compressed");
  const planes = await readTiffPlanes(bytes, directory, layout, context);
  return toRgb(planes, colour, layout);
}

async function decodeByLibtiff(
  bytes: Uint8Array,
  colour: TiffColour,
  layout: TiffLayout,
  context: DecodeContext,
) {
  if (colour.bits > 8)
    throw unsupported(context, `TIFF compression ${layout.compression} of ${colour.bits} bits`);
  const isCmyk = colour.meaning === "cmyk";
  const { width, height, channels, data } = await decodeNatively(bytes, context, {
    pixels: layout.width * layout.height,
    prepare: (pipeline) => (isCmyk ? pipeline.pipelineColourspace("cmyk").toColourspace("cmyk") : pipeline),
  });
  if (width !== layout.width || height !== layout.height)
    throw broken(context, `decoded to ${width} × ${height}`);
  if (isCmyk) return { data: cmykToRgb(data), warnings: [] };
  return {
    data: channels <= 2 ? greyToRgb(every(data, channels)) : firstThree(data, channels),
    warnings: [],
  };
}
