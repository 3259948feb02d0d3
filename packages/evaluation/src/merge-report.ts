import type { Evaluation, OutputOptions } from "./evaluate-options.ts";
import { thumbnail } from "./report/thumbnail.ts";
import { reportShares } from "./report-shares.ts";
import type { Share } from "./shares/share.ts";
import { readShare } from "./shares/share-file.ts";

export interface MergeReportOptions extends OutputOptions {
  /** Files of the shares, in any order. */
  readonly shares: readonly string[];
  /** A picture's file by its image file name, for the thumbnails; null where there is none. */
  pictureOf?(imageFileName: string): Promise<string | null>;
  readonly now?: () => Date;
}

/**
 * The report of an evaluation whose instances did not make it themselves: of the shares that they wrote.
 * @throws what `mergeShares` throws; PREDICTIONS_INVALID, JSON_INVALID, FILE_NOT_FOUND, DISK
 */
export async function mergeReport(options: MergeReportOptions): Promise<Evaluation> {
  const { shares, pictureOf = async () => null } = options;
  return await reportShares(read(shares), options, async (name) => {
    const path = await pictureOf(name);
    return path === null ? null : await thumbnail(path);
  });
}

/** One after the other: of each share's predictions only what is merged stays in memory. */
async function* read(paths: readonly string[]): AsyncGenerator<Share> {
  for (const path of paths) yield await readShare(path);
}
