import sharp from "sharp";
import type { RankedRows } from "./report-rows.ts";

/** Data URIs of all thumbnails together. */
const BUDGET_BYTES = 1_000_000;
/** Thumbnails of one report at most: they take time, too. */
const MOST = 320;
const SIDE_PIXELS = 112;
const AT_ONCE = 4;

/**
 * Gives the rows thumbnails in their order of merit until the budget is spent.
 * A picture that is not at hand, or that sharp cannot read, has none.
 * @param imagePath where a picture is; null when it is not at hand
 */
export async function addThumbnails(
  { rows, order }: RankedRows,
  imagePath: (name: string) => string | null,
): Promise<void> {
  let spent = 0;
  const wanted = order.slice(0, MOST);
  for (let start = 0; start < wanted.length && spent < BUDGET_BYTES; start += AT_ONCE) {
    const part = wanted.slice(start, start + AT_ONCE);
    const uris = await Promise.all(part.map((index) => thumbnail(imagePath(rows[index]?.n ?? ""))));
    part.forEach((index, at) => {
      const row = rows[index];
      const uri = uris[at] ?? null;
      if (row === undefined || uri === null || spent + uri.length > BUDGET_BYTES) return;
      row.i = uri;
      spent += uri.length;
    });
  }
}

async function thumbnail(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    const bytes = await sharp(path, { failOn: "none" })
      .resize(SIDE_PIXELS, SIDE_PIXELS, { fit: "cover" })
      .flatten({ background: "#ffffff" })
      .webp({ quality: 62, effort: 2 })
      .toBuffer();
    return `data:image/webp;base64,${bytes.toString("base64")}`;
  } catch {
    return null; // the picture counted all the same: only its thumbnail is missing
  }
}
