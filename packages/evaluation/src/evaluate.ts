import { join } from "node:path";
import type { EvaluateOptions, EvaluateShareOptions, Evaluation, ShareEnd } from "./evaluate-options.ts";
import { predictShare } from "./predict-share.ts";
import { withPreparedRun } from "./prepared-run.ts";
import { reportShares } from "./report-shares.ts";
import { meet } from "./shares/exchange/meet.ts";
import { shareBatches } from "./shares/share-batches.ts";
import { shareFile, shareName, writeShare } from "./shares/share-file.ts";
import { batchesOf, WHOLE } from "./shares/share-rows.ts";

/**
 * The whole of an evaluation: model archive → session, annotations → examples → pixels → predictions → measures →
 * report. Nothing is written before the model, the dataset and the recipe are found good.
 *
 * @throws what its steps throw; INTERRUPTED when the signal aborts, with whole rows left in predictions.partial.csv
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  return await withPreparedRun(options, async (run) => {
    const { examples } = run.dataset;
    const { share, removePartial } = await predictShare(run, options, {
      ...WHOLE,
      host: null,
      batches: batchesOf([...examples.keys()], run.batch),
      partialName: join(options.output, "predictions"),
    });
    const evaluation = await reportShares([share], options, (name) => run.thumbnail(name));
    await removePartial();
    return evaluation;
  });
}

/**
 * One instance's part of an evaluation that several work on. Its share is written to the output folder; where the
 * instances reach each other, the first one takes the others' shares too, and makes the report that a single instance
 * would have made.
 *
 * @throws what its steps throw; SHARE_LOST on the leader, naming the instances that are lost; INTERRUPTED
 */
export async function evaluateShare(options: EvaluateShareOptions): Promise<ShareEnd> {
  const { output, share: place } = options;
  await using meeting = await meet(options);
  try {
    return await withPreparedRun(options, async (run) => {
      const { share, removePartial } = await predictShare(
        run,
        { ...options, onEvent: (event) => meeting.onEvent(event) },
        {
          ...{ number: place.number, shares: place.shares, host: place.host },
          batches: await shareBatches(run, options),
          partialName: shareName(output, place),
        },
      );
      const file = shareFile(output, place);
      await writeShare(file, share);
      await removePartial();
      return await meeting.end(run, { share, file });
    });
  } catch (error) {
    throw await meeting.abandon(error);
  }
}
