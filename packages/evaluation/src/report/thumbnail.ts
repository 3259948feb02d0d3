const SIDE_PIXELS = 112;

/** A small square of a picture as WebP; null where sharp cannot read it. */
export async function thumbnail(path: string): Promise<Uint8Array | null> {
  try {
    const { default: sharp } = await import("sharp"); // most programs make none: they start without it
    return await sharp(path, { failOn: "none" })
      .resize(SIDE_PIXELS, SIDE_PIXELS, { fit: "cover" })
      .flatten({ background: "#ffffff" })
      .webp({ quality: 62, effort: 2 })
      .toBuffer();
  } catch {
    return null; // the picture counted all the same: only its thumbnail is missing
  }
}
