import type { Predictions } from "../predictions/predictions.ts";
import { type RankedRows, rankRows } from "./report-rows.ts";

/** Data URIs of all thumbnails together. */
const BUDGET_BYTES = 1_000_000;
/** Thumbnails of one report at most: they take time, too. */
const MOST = 320;
/** Enough to keep decode threads busy while the thread that asks is not. */
const AT_ONCE = 64;

/**
 * What the report shows of its pictures: their rows, ranked, with thumbnails for the most deserving until the budget
 * is spent.
 * @param thumbnailOf WebP of a picture by its image file name; null when it is not at hand or cannot be read
 */
export async function reportPictures(
  predictions: Predictions,
  thumbnailOf: (imageFileName: string) => Promise<Uint8Array | null>,
): Promise<RankedRows> {
  const ranked = rankRows(predictions);
  const { rows } = ranked;
  const wanted = ranked.order.slice(0, MOST);
  let spent = 0;
  for (let start = 0; start < wanted.length && spent < BUDGET_BYTES; start += AT_ONCE) {
    const part = wanted.slice(start, start + AT_ONCE);
    const thumbnails = await Promise.all(part.map((index) => thumbnailOf(rows[index]?.n ?? "")));
    part.forEach((index, at) => {
      const row = rows[index];
      const webp = thumbnails[at] ?? null;
      if (row === undefined || webp === null) return;
      const uri = `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;
      if (spent + uri.length > BUDGET_BYTES) return;
      row.i = uri;
      spent += uri.length;
    });
  }
  return ranked;
}
