import type { Writable } from "node:stream";

/** What a command may know of the world it runs in; tests pass their own. */
export interface CliContext {
  /** Data only: tables, JSON, paths. */
  readonly stdout: Writable;
  /** Words: progress, notes, warnings, errors. */
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** True when stderr is a terminal: progress is a bar there, plain lines elsewhere. */
  readonly interactive: boolean;
  /** True when colours may be used on stdout and stderr (a terminal, and NO_COLOR is not set). */
  readonly color: boolean;
  /** Words typed after `node`, for the provenance block of a report. */
  readonly argv: readonly string[];
  /** What the process ends with when nothing is thrown; a command sets it when some of its work failed. */
  readonly exit: { code: number };
}

/** Folder that keeps imports: FIELDMARK_CACHE, or undefined for the user's cache folder. */
export function cacheFolder(context: CliContext): string | undefined {
  const folder = context.env.FIELDMARK_CACHE;
  return folder === undefined || folder === "" ? undefined : folder;
}

/** Text from a file as part of one line: what could end the line, move the cursor or start a colour is shown as such. */
export function printable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "\uFFFD");
}

export function writeLine(stream: Writable, text = ""): void {
  stream.write(`${text}\n`);
}

/** Prints a value as the one JSON document of a `--json` run. */
export function writeJson(context: CliContext, value: unknown): void {
  writeLine(context.stdout, JSON.stringify(value, null, 2));
}
