import { broken, checkSize, type DecodeContext, type DecodedFile, truncated, viewOf } from "./decoder.ts";
import { decodeLzwFrame } from "./gif-lzw.ts";
import { greyToRgb, indicesToRgb, paletteOf } from "./to-rgb.ts";

const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 249;
const COMMENT = 254;
const APPLICATION = 255;

interface GifFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** Undefined: the indices are grey values. */
  readonly palette: Uint8Array | undefined;
  readonly transparent: number | undefined;
  readonly codeBits: number;
  readonly dataStart: number;
}

/**
 * The first frame of a GIF. Pixels outside the frame have the transparent index where there is one, else
 * index 0; transparent pixels show their palette colour. The picture grows to hold a frame that overhangs.
 * @see Pillow `GifImagePlugin`, `GifDecode.c`
 */
export async function decodeGif(bytes: Uint8Array, context: DecodeContext): Promise<DecodedFile> {
  if (bytes.length < HEADER_BYTES) throw truncated(context, "the header");
  const view = viewOf(bytes);
  const frame = readFirstFrame(bytes, context);
  const width = Math.max(view.getUint16(6, true), frame.x + frame.width);
  const height = Math.max(view.getUint16(8, true), frame.y + frame.height);
  checkSize(context, width, height);
  checkSize(context, frame.width, frame.height);
  const indices = new Uint8Array(width * height);
  if (frame.transparent !== undefined) indices.fill(frame.transparent);
  decodeLzwFrame(bytes.subarray(frame.dataStart), { ...frame, stride: width }, indices, context);
  return {
    width,
    height,
    data: frame.palette === undefined ? greyToRgb(indices) : indicesToRgb(indices, paletteOf(frame.palette)),
    orientation: 1,
  };
}

function readFirstFrame(bytes: Uint8Array, context: DecodeContext): GifFrame {
  const view = viewOf(bytes);
  const flags = bytes[10] as number;
  let at = HEADER_BYTES;
  let palette: Uint8Array | undefined;
  if (flags & 128) {
    const entries = bytes.subarray(at, at + (3 << ((flags & 7) + 1)));
    palette = usable(entries, context);
    at += entries.length;
  }
  let transparent: number | undefined;
  for (;;) {
    const kind = bytes[at];
    if (kind === undefined || kind === TRAILER) throw broken(context, "the file holds no picture");
    at += 1;
    if (kind === EXTENSION) {
      const label = bytes[at];
      if (label === undefined) throw truncated(context, "an extension");
      const length = bytes[at + 1] ?? 0;
      const block = bytes.subarray(at + 2, at + 2 + length);
      if (label === GRAPHIC_CONTROL && length > 0) {
        if (block.length < 3) throw truncated(context, "the graphic control extension");
        if ((block[0] as number) & 1) {
          transparent = block[3];
          if (transparent === undefined) throw truncated(context, "the graphic control extension");
        }
      }
      at = afterExtension(bytes, at + 1, label);
    } else if (kind === IMAGE) {
      if (at + 9 > bytes.length) throw truncated(context, "the image descriptor");
      const local = bytes[at + 8] as number;
      const [x, y, width, height] = [0, 2, 4, 6].map((offset) => view.getUint16(at + offset, true)) as [
        number,
        number,
        number,
        number,
      ];
      at += 9;
      if (local & 128) {
        const entries = bytes.subarray(at, at + (3 << ((local & 7) + 1)));
        // Greys are no palette to Pillow, local ones neither: a global one then stays in force.
        palette = usable(entries, context) ?? palette;
        at += entries.length;
      }
      const codeBits = bytes[at];
      if (codeBits === undefined) throw truncated(context, "the image descriptor");
      const interlaced = (local & 64) !== 0;
      return { x, y, width, height, interlaced, palette, transparent, codeBits, dataStart: at + 1 };
    }
  }
}

/** A palette in which every entry is its own index as grey counts as none: the indices are grey values. */
function usable(entries: Uint8Array, context: DecodeContext): Uint8Array | undefined {
  for (let i = 0; i < entries.length; i += 3) {
    const entry = entries.subarray(i, i + 3);
    if (entry.some((value) => value !== i / 3)) return entries;
    if (entry.length < 3) throw truncated(context, "the palette");
  }
  return undefined;
}

/** Skips the blocks that follow an extension's label, in the way Pillow reads each kind. */
function afterExtension(bytes: Uint8Array, start: number, label: number): number {
  let at = start;
  const skipBlock = (): boolean => {
    const length = bytes[at] ?? 0;
    at = Math.min(at + 1 + length, bytes.length);
    return length > 0;
  };
  const first = skipBlock();
  if (label === COMMENT) {
    if (first) while (skipBlock());
    return at;
  }
  if (label === APPLICATION && first) {
    const name = Buffer.from(bytes.subarray(start + 1, start + 12)).toString("latin1");
    if (name === "NETSCAPE2.0") skipBlock();
  }
  while (skipBlock());
  return at;
}
