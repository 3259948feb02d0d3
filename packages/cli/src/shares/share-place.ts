import { FieldmarkError } from "@fieldmark/contract";
import type { SharePlace } from "@fieldmark/evaluation";
import { InvalidArgumentError } from "commander";
import type { CliContext } from "../context.ts";
import { jobInstances } from "./job-instances.ts";
import { shareFiles } from "./share-files.ts";

/** Flags that say which share is worked on; they do not stand in the report, which is of all shares. */
export const SHARE_FLAGS: readonly string[] = ["--share", "--rest-of"];

export interface ShareFlags {
  readonly share?: { readonly number: number; readonly shares: number };
  readonly restOf: readonly string[];
}

/** What this program works on. */
export interface Work {
  /** null: the whole evaluation. */
  readonly share: SharePlace | null;
  /** S3 gave this instance a part of the pictures. */
  readonly isShard: boolean;
}

/** A parser of "2/3", for commander. */
export function shareNumber(text: string): { readonly number: number; readonly shares: number } {
  const [, number = 0, shares = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (number >= 1 && shares >= number && shares <= 1000) return { number, shares };
  throw new InvalidArgumentError("Expected the share and how many there are: 2/3.");
}

/**
 * The share that the flags name; else this instance's in its job.
 * @param paths of the evaluation's files
 * @throws USAGE; SHARES_MISMATCH when every instance got another part of what all need
 */
export async function workOf(
  context: CliContext,
  { share, restOf }: ShareFlags,
  paths: { readonly images: string; readonly needed: readonly string[] },
): Promise<Work> {
  if (share !== undefined) {
    const others = restOf.length === 0 ? {} : { restOf: await shareFiles(context, restOf) };
    return { share: { ...share, host: null, ...others }, isShard: false };
  }
  if (restOf.length > 0)
    throw new FieldmarkError(
      "USAGE",
      "--rest-of says what the others have: name the share with --share, too",
    );
  const job = await jobInstances(context);
  if (job === null) return { share: null, isShard: false };
  for (const path of paths.needed) {
    if (!job.isSharded(path)) continue;
    throw new FieldmarkError(
      "DATASET_INVALID",
      `${path}: its input is ShardedByS3Key, and every instance needs all of it; give it as FullyReplicated`,
      { file: path },
    );
  }
  return { share: job.place, isShard: job.isSharded(paths.images) };
}
