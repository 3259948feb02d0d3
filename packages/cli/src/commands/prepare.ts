import { join, resolve } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import { CUB, prepareCub } from "@fieldmark/evaluation";
import { defaultCacheFolder } from "@fieldmark/model";
import { Command, Option } from "commander";
import { type CliContext, cacheFolder, writeJson, writeLine } from "../context.ts";
import { integer } from "../flags.ts";
import { type Progress, startProgress } from "../progress.ts";

interface Flags {
  readonly from?: string;
  readonly download?: boolean;
  readonly classes: readonly number[];
  readonly seed: number;
  readonly split: readonly number[];
  readonly output: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `fieldmark prepare cub`: the lab's preparation step. */
export function prepareCommand(context: CliContext): Command {
  const cub = new Command("cub")
    .description("Choose classes of CUB-200-2011 and split them into train, valid and test")
    .option("--from <path>", "the dataset's folder, or CUB_200_2011.tgz")
    .option("--download", "download the archive (1.2 GB); an interrupted download is resumed")
    .addOption(
      new Option("--classes <ids>", "CUB class ids, comma-separated")
        .argParser(numbers)
        .default([...CUB.labClasses], `the lab's eight: ${CUB.labClasses.join(",")}`),
    )
    .option("--seed <n>", "seed of the split", integer(0, 1e9), 0)
    .addOption(
      new Option("--split <fractions>", "fractions of train, valid and test")
        .argParser(numbers)
        .default([0.6, 0.2, 0.2], "0.6,0.2,0.2"),
    )
    .requiredOption("--output <folder>", "new folder of the prepared dataset")
    .option("--json", "print the result as JSON on stdout")
    .option("--quiet", "no progress")
    .action(async (flags: Flags) => await run(context, flags));
  return new Command("prepare").description("Make a labelled dataset ready").addCommand(cub);
}

async function run(context: CliContext, flags: Flags): Promise<void> {
  if ((flags.from === undefined) === (flags.download === undefined)) {
    throw new FieldmarkError("USAGE", "give either --from <path> or --download");
  }
  if (flags.quiet !== true) writeLine(context.stderr, CUB.terms);
  const progress = steps(context, flags.quiet === true);
  try {
    const prepared = await prepareCub({
      ...flags,
      from: flags.from === undefined ? null : resolve(context.cwd, flags.from),
      downloads: join(cacheFolder(context) ?? defaultCacheFolder(), "datasets"),
      output: resolve(context.cwd, flags.output),
      signal: context.signal,
      onProgress: progress.show,
    });
    progress.stop();
    const { train, valid, test } = prepared.counts;
    if (flags.json === true) writeJson(context, prepared);
    else {
      writeLine(
        context.stdout,
        `${prepared.classNames.length} classes: ${train} train, ${valid} valid, ${test} test`,
      );
      writeLine(context.stdout, prepared.output);
    }
  } finally {
    progress.stop();
  }
}

const TITLES = { download: "Downloading", unpack: "Unpacking", copy: "Writing" } as const;

/** One progress bar a step; downloads and archives count in megabytes. */
function steps(context: CliContext, quiet: boolean) {
  let current: { step: keyof typeof TITLES; progress: Progress } | null = null;
  const stop = () => current?.progress.stop();
  const show = (step: keyof typeof TITLES, done: number, total: number) => {
    const scale = step === "copy" ? 1 : 1e6;
    if (current?.step !== step) {
      stop();
      const unit = step === "copy" ? "pictures" : "MB";
      current = {
        step,
        progress: startProgress(context, {
          title: TITLES[step],
          total: Math.ceil(total / scale),
          unit,
          quiet,
        }),
      };
    }
    current.progress.update(Math.floor(done / scale));
  };
  return { show, stop };
}

function numbers(text: string): number[] {
  return text.split(",").map((part) => {
    const value = part.trim() === "" ? Number.NaN : Number(part);
    if (!Number.isFinite(value)) throw new FieldmarkError("USAGE", `"${text}": "${part}" is not a number`);
    return value;
  });
}
