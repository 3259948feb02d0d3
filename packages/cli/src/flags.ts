import { type Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "./context.ts";

/** Flags of every command that writes results. */
export interface Output {
  readonly output?: string;
  readonly profile?: "default" | "lab";
  readonly seed?: number;
  /** false by --no-times */
  readonly times?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the flags of `Output`. */
export function outputOptions(command: Command, folder: string): void {
  command
    .option("--output <folder>", `folder of the results (default: ${folder})`)
    .addOption(
      new Option("--profile <keys>", "keys of evaluation.json: SageMaker's, or exactly the lab's").choices([
        "default",
        "lab",
      ]),
    )
    .option("--seed <n>", "seed of the bootstrap intervals (default: 1)", integer(0, 2 ** 31 - 1))
    .option("--no-times", "leave all times out of the files: the same evaluation gives the same bytes")
    .option("--json", "print the measures as JSON on stdout")
    .option("--quiet", "no progress and no notes");
}

/** A parser of a flag that may be given several times, for commander. */
export const each = (text: string, before: readonly string[]): readonly string[] => [...before, text];

/** A parser of whole numbers from `low` to `high`, for commander. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high))
      throw new InvalidArgumentError(`Expected an integer from ${low} to ${high}.`);
    return value;
  };
}

/**
 * The command as typed, for the provenance block; words that a shell would split are quoted.
 * @param without flags with one value that are left out
 */
export function commandLine({ argv }: CliContext, without: readonly string[] = []): string {
  const [, ...words] = argv;
  const isLeftOut = (word: string | undefined) => without.some((flag) => word?.split("=")[0] === flag);
  const kept = words.filter(
    (word, at) => !isLeftOut(word) && !(without.includes(words[at - 1] ?? "") && at > 0),
  );
  return ["fieldmark", ...kept]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
