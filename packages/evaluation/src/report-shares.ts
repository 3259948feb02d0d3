import type { Evaluation, EvaluationEvent, OutputOptions } from "./evaluate-options.ts";
import { makeEvaluation } from "./make-evaluation.ts";
import { reportPictures } from "./report/report-pictures.ts";
import { mergeShares } from "./shares/merge-shares.ts";
import type { Share } from "./shares/share.ts";
import { writeEvaluation } from "./write-evaluation.ts";

interface ReportSharesOptions extends OutputOptions {
  readonly now?: () => Date;
  onEvent?(event: EvaluationEvent): void;
}

/**
 * Predictions → measures → report, of one share or of many.
 * @param thumbnailOf WebP of a picture by its image file name; null when it is not at hand
 * @throws what `mergeShares` throws; DISK
 */
export async function reportShares(
  shares: AsyncIterable<Share> | Iterable<Share>,
  options: ReportSharesOptions,
  thumbnailOf: (imageFileName: string) => Promise<Uint8Array | null>,
): Promise<Evaluation> {
  const { now = () => new Date() } = options;
  const parts = await mergeShares(shares, { time: now().toISOString() });
  const measure = async () => makeEvaluation(parts, options);
  const [pictures, evaluation] = await Promise.all([
    reportPictures(parts.predictions, thumbnailOf), // while this thread measures
    measure(),
  ]);
  options.onEvent?.({ kind: "measured", evaluation });
  const files = await writeEvaluation(evaluation, options, pictures);
  return { ...evaluation, files };
}
