import type { Limits } from "../../jobs/run-plan.ts";
import { quote, quoteAll } from "./shell.ts";

const OPEN_FILES = 65_536;

/** What is set for the program by the last shell before it, as the program's own user. */
export interface Program {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly limits: Limits;
  /** Bounds the data of each process: where no control group bounds all of them together. */
  readonly boundData: boolean;
  /** A file for the id of its process, where no namespace tells it. */
  readonly pidFile: string | null;
  /** Its supervisor runs it in the background, where a shell ignores SIGINT and SIGQUIT. */
  readonly background: boolean;
}

/**
 * The script that becomes the program. Limits are set here: processes are counted per user (and user namespace), and here
 * the program's user is entered. The environment is set by the last word before the program, so that no variable of the
 * request reaches a shell or a linker of ours.
 */
export function programScript({
  words,
  environment,
  workingFolder,
  limits,
  boundData,
  background,
  pidFile,
}: Program): string {
  const variables = Object.entries(environment).map(([name, value]) => quote(`${name}=${value}`));
  return [
    ...(pidFile === null ? [] : [`echo $$ > ${quote(pidFile)}`]),
    "ulimit -c 0",
    `ulimit -n ${OPEN_FILES} 2>/dev/null || :`,
    // POSIX counts blocks of 512 bytes; dash and ash have -p for processes, bash -u
    `ulimit -f ${Math.ceil(limits.diskBytes / 512)} 2>/dev/null || :`,
    `if [ -n "\${BASH_VERSION:-}" ]; then ulimit -u ${limits.processes}; else ulimit -p ${limits.processes}; fi 2>/dev/null || :`,
    ...(boundData ? [`ulimit -d ${Math.ceil(limits.memoryBytes / 1024)} 2>/dev/null || :`] : []),
    `cd ${quote(workingFolder)} || exit 126`,
    "set --",
    ...(background
      ? [
          "if env --default-signal=INT true 2>/dev/null; then set -- --default-signal=INT --default-signal=QUIT; fi",
        ]
      : []),
    `exec env "$@" -i ${variables.join(" ")} ${quoteAll(words)}`,
    "",
  ].join("\n");
}
