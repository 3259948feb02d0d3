import sharp, { type Sharp } from "sharp";
import { broken, type DecodeContext } from "./decoder.ts";

// One picture is decoded by one thread: the pipeline above runs as many decodes at once as there are cores.
sharp.concurrency(1);
sharp.cache(false);

export interface NativePixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * Pixels by libvips: embedded ICC profiles ignored, no rotation, first frame only.
 * A warning of the codec is none of ours (Pillow hears none), missing data are an error.
 */
export async function decodeNatively(
  bytes: Uint8Array,
  context: DecodeContext,
  prepare: (pipeline: Sharp) => Sharp = (pipeline) => pipeline,
): Promise<NativePixels> {
  try {
    const pipeline = sharp(bytes, {
      failOn: "error",
      ignoreIcc: true,
      limitInputPixels: context.pixelLimit,
      sequentialRead: true,
    });
    const { data, info } = await prepare(pipeline).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw broken(context, `the picture cannot be decoded: ${reason}`, cause);
  }
}
