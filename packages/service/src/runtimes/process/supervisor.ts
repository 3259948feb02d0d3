import type { InstanceGroups } from "./cgroups.ts";
import { quote } from "./shell.ts";

/** Without a sandbox: what a program left running may print for so long after its end. */
const LINGER_SECONDS = 1;

/** How one instance is run by its job's supervisor. */
export interface InstanceLaunch {
  readonly host: string;
  /** The sandbox with the program in it: one command of a shell. */
  readonly command: string;
  readonly log: string;
  readonly groups: InstanceGroups;
  /** Nothing of the program outlives its first process. Else what holds its output open is waited for a little only. */
  readonly sandboxed: boolean;
}

/** Sets `mark`: which process this shell is, and in which boot of the machine. */
const MARK = [
  "start=0 boot=0",
  // the start time is the 22nd field of stat, the 20th after the name in brackets
  `if read -r stat < /proc/$$/stat; then set -- \${stat##*) }; shift 19; start=$1; read -r boot < /proc/sys/kernel/random/boot_id; fi 2>/dev/null`,
  'mark="$$ $start $boot"',
].join("\n");

/**
 * The supervisor of a job, a shell's script: it outlives the service. It makes `started` exclusively, so that nothing of a
 * job is ever started twice, runs its instances, and writes the exit code of each. It closes its stdout when it has
 * made `started`.
 */
export function supervisorScript(folder: string, launches: readonly InstanceLaunch[]): string {
  const [only] = launches;
  return [
    `cd ${quote(folder)} || exit 70`,
    MARK,
    "set -C",
    `{ printf '%s\\n' "$mark" > started; } 2>/dev/null || exit 0`,
    "set +C",
    "exec > /dev/null 2>&1",
    ...(launches.length === 1 && only !== undefined
      ? [`. ./run.${only.host}`]
      : [
          "if setpriv --pdeathsig KILL true; then below='setpriv --pdeathsig KILL'; else below=; fi",
          // each dies with this shell, as what it runs dies with it
          ...launches.map(({ host }) => `$below /bin/sh ./run.${host} &`),
          "wait",
        ]),
    "",
  ].join("\n");
}

/** What the supervisor runs for one instance, in the job's folder. */
export function instanceScript({ host, command, log, groups, sandboxed }: InstanceLaunch): string {
  const out = quote(`${host}/out`);
  const enter = groups.join.map((file) => `echo 0 > ${quote(file)}; `).join("");
  return [
    MARK,
    `printf '%s\\n' "$mark" > mark.${host}`,
    // a FIFO, not the log itself: a program that opens or truncates its stdout (`> /dev/stderr`) reaches no file of ours
    `cat < ${out} >> ${quote(log)} &`,
    "reader=$!",
    `( ${enter}exec ${command} ) > ${out} 2>&1 < /dev/null`,
    "code=$? killed=",
    // all of the log is written before the end is
    ...(sandboxed ? [] : [`{ sleep ${LINGER_SECONDS}; kill "$reader"; } &`]),
    'wait "$reader"',
    ...groups.oomCounts.map(
      (file) =>
        `while read -r key count; do [ "$key" = oom_kill ] && [ "$count" != 0 ] && killed=oom; done < ${quote(file)}`,
    ),
    // in place: the space was taken when the job started
    `printf '%-15s\\n' "$code $killed" 1<> ${quote(`exit.${host}`)}`,
    "",
  ].join("\n");
}

/** What an `exit.<host>` holds before its program ended. */
export const NO_EXIT: string = `${" ".repeat(15)}\n`;

/** null while the program has not ended. */
export function parseExit(text: string): { readonly exitCode: number; readonly outOfMemory: boolean } | null {
  const [code = "", killed] = text.trim().split(" ");
  if (!/^\d+$/.test(code)) return null;
  return { exitCode: Number(code), outOfMemory: killed === "oom" };
}
