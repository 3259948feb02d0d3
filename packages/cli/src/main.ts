import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { describeFailure, EXIT, exitCodeOf } from "./failures.ts";
import { fieldmarkVersion } from "./version.ts";

/** The whole life of one call: words → command → run → exit code. The one place of the CLI that catches. */
export async function main(words: readonly string[], context: CliContext): Promise<number> {
  try {
    const program = await programFor(words, context);
    await program.parseAsync(words, { from: "user" });
    return context.exit.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    context.stderr.write(describeFailure(error, context));
    return context.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  }
}

/** Loads the one command that is called; the others appear in the help by name and summary. */
async function programFor(words: readonly string[], context: CliContext): Promise<Command> {
  const program = new Command("fieldmark")
    .description("Evaluate image classifiers natively: exact pixels, scikit-learn's numbers, no Python")
    .version(await fieldmarkVersion(), "-V, --version")
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError("(run with --help to see what it takes)")
    .enablePositionalOptions() // what follows a command's name is that command's
    .exitOverride();
  const called = words.find((word) => !word.startsWith("-"));
  for (const entry of COMMANDS) {
    if (entry.name === called || (called === "help" && words.includes(entry.name))) {
      const command = (await entry.load())(context).copyInheritedSettings(program);
      for (const nested of command.commands) nested.copyInheritedSettings(program);
      program.addCommand(command);
    } else {
      program.command(entry.name).description(entry.summary);
    }
  }
  return program;
}
