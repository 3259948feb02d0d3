import type { MeasuresJson } from "@fieldmark/evaluation";
import type { CliContext } from "./context.ts";
import { EXIT } from "./failures.ts";
import type { Words } from "./words.ts";

/** More pictures that cannot be decoded than are allowed make the exit code 1. */
export function judgeFailures(
  context: CliContext,
  words: Words,
  { failures, allowed }: { readonly failures: MeasuresJson["failures"]; readonly allowed: number },
): void {
  if (failures.length <= allowed) return;
  words.warn(
    `${failures.length === 1 ? "1 picture" : `${failures.length} pictures`} could not be decoded, the first: ${failures[0]?.message}; ` +
      `hence exit code ${EXIT.failed} (--allow-failures ${failures.length} would allow them)`,
  );
  context.exit.code = EXIT.failed;
}
