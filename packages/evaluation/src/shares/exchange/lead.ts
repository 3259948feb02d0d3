import { rm } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";
import type { EvaluateShareOptions, ShareExchange } from "../../evaluate-options.ts";
import type { PreparedRun } from "../../prepared-run.ts";
import { writeIncompleteReport } from "../../report/incomplete-report.ts";
import { reportShares } from "../../report-shares.ts";
import type { Share } from "../share.ts";
import { readShare, removeSharesFolder, shareFile } from "../share-file.ts";
import { keeping, type Meeting } from "./meeting.ts";
import { ShareLeader } from "./share-leader.ts";

/** The first instance takes the shares of all, and makes the report. */
export async function leading(
  options: EvaluateShareOptions,
  { hosts, key }: ShareExchange,
): Promise<Meeting> {
  const { share: place, output, signal, onEvent } = options;
  const others = hosts.slice(1).map((_, index) => index + 2);
  const fileOf = (number: number) => shareFile(output, { number, shares: place.shares });
  const leader = await ShareLeader.listen({ hosts, key, fileOf });
  if (typeof leader === "string") return keeping(options, leader);
  return {
    onEvent: (event) => onEvent?.(event),
    async end(run, { share: own, file }) {
      onEvent?.({ kind: "waiting", hosts: leader.waitingFor });
      await leader.gather(signal);
      const owners = new Map<string, number>();
      const shares = inTurn(own, others.map(fileOf), owners);
      const evaluation = await reportShares(shares, options, (name) => pictureOf(run, leader, owners, name));
      for (const one of [file, ...others.map(fileOf)]) await rm(one, { force: true });
      await removeSharesFolder(output);
      leader.finish({ kind: "merged" });
      return { kind: "report", evaluation };
    },
    async abandon(error) {
      const explained = leader.explain(error);
      const reason = explained instanceof Error ? explained.message : String(explained);
      leader.finish({ kind: "abandoned", reason });
      if (explained instanceof FieldmarkError && explained.code === "SHARE_LOST")
        await writeIncompleteReport(output, explained);
      return explained;
    },
    [Symbol.asyncDispose]: () => leader[Symbol.asyncDispose](),
  };
}

/** @param owners gets the number of the share of each picture that is not this instance's */
async function* inTurn(
  own: Share,
  files: readonly string[],
  owners: Map<string, number>,
): AsyncGenerator<Share> {
  yield own;
  for (const file of files) {
    const share = await readShare(file);
    for (const imageFileName of share.predictions.imageFileNames) owners.set(imageFileName, share.number);
    yield share;
  }
}

/** A picture that S3 gave to a worker comes from there. */
async function pictureOf(
  run: PreparedRun,
  leader: ShareLeader,
  owners: ReadonlyMap<string, number>,
  imageFileName: string,
): Promise<Uint8Array | null> {
  const owner = owners.get(imageFileName);
  return run.isAbsent(imageFileName) && owner !== undefined
    ? await leader.thumbnail(owner, imageFileName)
    : await run.thumbnail(imageFileName);
}
