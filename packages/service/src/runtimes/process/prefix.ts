import { CONTAINER_PREFIX_VARIABLE } from "@fieldmark/contract";
import type { Environment } from "../../environments/environment.ts";
import { INSIDE } from "./instance-sandbox.ts";
import type { InstanceFiles } from "./job-files.ts";
import { quote } from "./shell.ts";

/** Said to whoever runs a job so. */
export const PREFIX_WARNING =
  `this machine has no namespaces: /opt/ml is the folder that the variable ${CONTAINER_PREFIX_VARIABLE} names (words of the command that begin with /opt/ml are ` +
  "rewritten), the program sees this machine's files and processes as its user does, and inputs are copied";

/** Words of a command with /opt/ml replaced by where it really is. */
export function rewriteWords(words: readonly string[], ml: string): string[] {
  return words.map((word) =>
    word === INSIDE.ml || word.startsWith(`${INSIDE.ml}/`) ? `${ml}${word.slice(INSIDE.ml.length)}` : word,
  );
}

/** Folders for PATH before the system's. */
export function prefixPath(environment: Environment, files: InstanceFiles): readonly string[] {
  return environment.kind === "evaluator"
    ? [files.etc]
    : [`${files.python}/bin`, `${environment.interpreter.prefix}/bin`];
}

/** The command of a shell that runs the program's script, with its words before it where a user is to be entered. */
export function prefixCommand(files: InstanceFiles, enter: readonly string[]): string {
  return [...enter.map(quote), "/bin/sh", quote(`${files.run}/program`)].join(" ");
}
