import { FieldmarkError } from "@fieldmark/contract";
import pc from "picocolors";
import type { CliContext } from "./context.ts";

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, gateNotMet: 3, interrupted: 130 } as const;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof FieldmarkError)) return EXIT.failed;
  if (error.code === "INTERRUPTED") return EXIT.interrupted;
  return error.fault === "usage" ? EXIT.usage : EXIT.failed;
}

/** What a person reads when a command fails: what is wrong, then what to do. */
export function describeFailure(error: unknown, context: CliContext): string {
  const { red, dim, bold } = pc.createColors(context.color);
  if (error instanceof FieldmarkError) {
    const message = error.message.split("\n").map(withoutControls).join("\n");
    return `${red(bold("error"))} ${message}\n${dim(`  ${error.hint} [${error.code}]`)}\n`;
  }
  if (context.signal.aborted) return "interrupted\n";
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${red(bold("bug"))} ${text}\n${dim("  This should not happen. Please report it with the command and the lines above.")}\n`;
}

/** Messages quote files: what could move the cursor or start a colour is shown as a sign of its own. */
function withoutControls(line: string): string {
  return line.replace(/\p{Cc}/gu, "\uFFFD");
}
