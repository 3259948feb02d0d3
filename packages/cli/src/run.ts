import type { CliContext } from "./context.ts";
import { main } from "./main.ts";

/** Runs the command line of this process: its streams, environment and signals. */
export async function run(): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0); // the reader has seen enough: `| head -1`
    throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // nobody reads the words any more; the work goes on
  });
  const env = process.env;
  // the AWS SDK's own notice of the Node versions that it will leave; ours are in package.json
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    env,
    cwd: process.cwd(),
    signal: interrupt.signal,
    interactive: process.stderr.isTTY === true && env.TERM !== "dumb",
    color: process.stderr.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb",
    argv: process.argv.slice(1),
    exit: { code: 0 },
  };
  process.exitCode = await main(process.argv.slice(2), context);
}
