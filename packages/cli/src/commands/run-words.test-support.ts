import { Writable } from "node:stream";
import type { CliContext } from "../context.ts";
import { main } from "../main.ts";

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process, in a pipe without colours. */
export async function runWords(
  words: readonly string[],
  world: Pick<CliContext, "cwd" | "env">,
): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") =>
    new Writable({
      write: (chunk, _, done) => {
        said[name] += String(chunk);
        done();
      },
    });
  const context: CliContext = {
    ...world,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    signal: new AbortController().signal,
    interactive: false,
    color: false,
    argv: ["fieldmark", ...words],
    exit: { code: 0 },
  };
  return { code: await main(words, context), ...said };
}
