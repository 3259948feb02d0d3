import { resolve } from "node:path";
import { sampleModelPath, writeSampleDataset } from "@fieldmark/samples";
import { Command, Option } from "commander";
import { type CliContext, writeJson, writeLine } from "../context.ts";
import { integer } from "../flags.ts";
import { startProgress } from "../progress.ts";

interface Flags {
  readonly output: string;
  readonly seed: number;
  readonly perClass: number;
  readonly split: "test" | "all";
  readonly replace?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `fieldmark samples`: pictures and a model to try the product with. */
export function samplesCommand(context: CliContext): Command {
  const render = new Command("render")
    .description("Draw the eight sample species into the lab's layout: test/ and manifest/test.csv")
    .requiredOption("--output <folder>", "folder to make; it must be absent or empty")
    .option("--seed <n>", "another seed gives other birds", integer(0, 2 ** 31 - 1), 1)
    .option("--per-class <n>", "test pictures of each species", integer(1, 10_000), 20)
    .addOption(
      new Option("--split <which>", "test, or all: also train (three times as many) and valid")
        .choices(["test", "all"])
        .default("test"),
    )
    .option("--replace", "delete what the folder holds once the new pictures are complete")
    .option("--json", "print what was written as JSON on stdout")
    .option("--quiet", "no progress")
    .action(async (flags: Flags) => await run(context, flags));
  const model = new Command("model")
    .description("Print the path of the sample model, a MobileNetV2 trained on other sample birds")
    .action(() => writeLine(context.stdout, sampleModelPath()));
  return new Command("samples")
    .description("Sample birds to try Fieldmark with")
    .addCommand(render)
    .addCommand(model);
}

const SPECIES_COUNT = 8;
const PICTURES_PER_TEST_PICTURE = { test: 1, all: 5 } as const;

async function run(context: CliContext, { output, seed, perClass, split, ...flags }: Flags): Promise<void> {
  const progress = startProgress(context, {
    title: "Drawing",
    total: perClass * SPECIES_COUNT * PICTURES_PER_TEST_PICTURE[split],
    unit: "birds",
    ...(flags.quiet === undefined ? {} : { quiet: flags.quiet }),
  });
  try {
    const written = await writeSampleDataset({
      output: resolve(context.cwd, output),
      seed,
      perClass,
      split,
      replace: flags.replace === true,
      signal: context.signal,
      onProgress: ({ done }) => progress.update(done),
    });
    progress.stop();
    if (flags.json === true) writeJson(context, written);
    else
      writeLine(
        context.stdout,
        `${output}: ${written.images} pictures of ${written.classes.length} species, seed ${seed}`,
      );
  } finally {
    progress.stop();
  }
}
