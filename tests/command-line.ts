import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../packages/cli/bin/fieldmark.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called once the process is there; may send it signals later. */
  onStart?(kill: (signal: NodeJS.Signals) => void): void;
  /** Ctrl-C is pressed as soon as stderr holds this. */
  readonly interruptAt?: string;
  /** Nobody reads stdout, as after `| head -1`. */
  readonly closeStdout?: boolean;
}

/** Runs the built command line in a process of its own, as a person would. */
export async function fieldmark(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { GITHUB_STEP_SUMMARY: _, NO_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [CLI, ...words], {
    env: { ...env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const before = stderr;
    stderr += text;
    const { interruptAt } = options;
    if (interruptAt !== undefined && stderr.includes(interruptAt) && !before.includes(interruptAt))
      child.kill("SIGINT");
  });
  if (options.closeStdout === true) child.stdout.destroy();
  options.onStart?.((signal) => child.kill(signal));
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout, stderr };
}
